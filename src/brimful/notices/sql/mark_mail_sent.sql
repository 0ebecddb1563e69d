-- However late, and whatever others made of it since: what was sent is sent.
update mail set state = 'sent', last_error = null where tenant_id = $1 and notice_id = $2 and state <> 'sent';
