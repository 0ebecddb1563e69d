-- Accounts that are overdrawn, buy automatically, and are not buying: what they owe is to be bought.
select b.tenant_id, b.account_id
from balance b
join overdraft o on o.tenant_id = b.tenant_id and o.account_id = b.account_id and o.retry_at <= $1
join auto_billing_setting s on s.tenant_id = b.tenant_id and s.account_id = b.account_id and s.enabled
where b.overdrawn > 0
  and not exists (
      select 1 from purchase p
      where p.tenant_id = b.tenant_id and p.buyer_id = b.account_id and p.automatic
        and p.state not in ('delivered', 'failed'))
limit $2;
