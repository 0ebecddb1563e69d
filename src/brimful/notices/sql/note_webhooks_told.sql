update webhook_endpoint set told_at = $2 where endpoint_id = $1 and told_at is null returning endpoint_id;
