-- Accounts that have entries which are not in their sums yet, by id.
select b.tenant_id, b.account_id
from balance b
left join usage_mark m on m.tenant_id = b.tenant_id and m.account_id = b.account_id
where b.resource = 'credits' and b.used > 0 and b.seq > coalesce(m.seq, 0) and (b.tenant_id, b.account_id) > ($1, $2)
order by b.tenant_id, b.account_id
limit $3;
