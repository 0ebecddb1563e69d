-- Accounts of whose spends in a month some may not be taken from their lots yet, by id.
select b.tenant_id, b.account_id
from balance b
where b.resource = 'credits' and b.unsettled > 0 and (b.tenant_id, b.account_id) > ($3, $4)
  and exists (
      select 1 from entry e
      where e.tenant_id = b.tenant_id and e.account_id = b.account_id and e.resource = 'credits' and e.at >= $1 and e.at < $2)
order by b.tenant_id, b.account_id
limit $5;
