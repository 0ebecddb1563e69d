update authentication set purchase_id = $3, action_url = null where tenant_id = $1 and authentication_id = $2;
