update webhook_endpoint set told_at = null where endpoint_id = $1;
