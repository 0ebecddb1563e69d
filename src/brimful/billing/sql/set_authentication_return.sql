update authentication set return_url = $3 where tenant_id = $1 and authentication_id = $2;
