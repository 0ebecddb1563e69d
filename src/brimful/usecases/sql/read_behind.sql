-- Whether what an account lacks may come by what is ahead of it: others wait on its pool, or it or one of its ancestors has
-- something due, or a renewal under way. And the account's zone, which whoever plans next needs.
select exists (select from demand d where d.tenant_id = $1 and d.account_id = $2 and d.state = 'waiting')
    or exists (select from renewing_above_v1($1, $2, $3)) as is_ahead, a.zone
from account a
where a.tenant_id = $1 and a.account_id = $2;
