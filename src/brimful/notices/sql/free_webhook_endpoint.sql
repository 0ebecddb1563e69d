-- By whoever still holds it: one whose lease ended frees nothing of the next.
update webhook_endpoint set busy_until = $3, failures = $4 where endpoint_id = $1 and busy_until = $2;
