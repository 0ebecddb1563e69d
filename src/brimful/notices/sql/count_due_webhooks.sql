select count(*) from webhook_delivery where endpoint_id = $1 and state = 'due' and kind = $2;
