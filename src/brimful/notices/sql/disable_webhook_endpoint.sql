update webhook_endpoint set disabled_at = $2, disabled_because = 'gone' where endpoint_id = $1 and disabled_at is null
returning endpoint_id;
