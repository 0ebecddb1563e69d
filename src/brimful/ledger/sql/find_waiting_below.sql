-- Pools on which somebody waits, of some accounts and of all below them.
select a.account_id
from (select distinct account_id from demand where tenant_id = $1 and state = 'waiting') d
join account a on a.tenant_id = $1 and a.account_id = d.account_id
where a.ancestors && $2::uuid[]
order by a.account_id;
