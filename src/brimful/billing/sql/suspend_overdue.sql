-- Of an account, what is past due for so long that it is suspended; nothing is deleted (R35).
update subscription s set state = 'suspended'
from account a, package_version v
where s.tenant_id = $1 and s.account_id = $2 and s.state = 'past_due' and s.past_due_since <= $3
  and a.tenant_id = s.tenant_id and a.account_id = s.account_id
  and v.package_id = s.package_id and v.version = s.package_version
  and not exists (
      select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
returning s.tenant_id, s.account_id, s.seller_id, s.past_due_since, s.recurring_minor, s.currency, v.name as package_name,
    a.name as account_name;
