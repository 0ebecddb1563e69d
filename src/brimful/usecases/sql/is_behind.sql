-- Whether what an account lacks may come by what is ahead of it: others wait on its pool, or it or one of its ancestors has
-- something due, or a renewal under way.
select exists (select from demand where tenant_id = $1 and account_id = $2 and state = 'waiting')
    or exists (select from renewing_above_v1($1, $2, $3));
