-- By whoever still has it: of mail that another took meanwhile nothing is noted.
update mail set state = $4, tries = tries + 1, last_error = $5, due_real_at = $6
where tenant_id = $1 and notice_id = $2 and state = 'due' and due_real_at = $3;
