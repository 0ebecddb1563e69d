-- Mail that could not be sent waits longer after each try, counted from when it was taken.
update mail set state = $3, last_error = $4,
    due_real_at = due_real_at
        + case when $3 = 'due' then make_interval(secs => least(3600, 30 * 2 ^ (tries - 1)) - 30) else interval '0' end
where tenant_id = $1 and notice_id = $2;
