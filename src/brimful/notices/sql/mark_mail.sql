update mail set state = $3, last_error = $4 where tenant_id = $1 and notice_id = $2;
