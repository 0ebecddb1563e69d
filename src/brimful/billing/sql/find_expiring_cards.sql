-- Cards on file that are valid no longer than a month, of accounts that something is charged to.
select m.tenant_id, m.account_id, m.method_id, m.brand, m.last4, m.exp_month, m.exp_year
from payment_method m
where m.removed_at is null and (m.exp_year, m.exp_month) <= ($1, $2)
  and (exists (
          select 1 from auto_billing_setting s
          where s.tenant_id = m.tenant_id and s.account_id = m.account_id and s.enabled)
      or exists (
          select 1 from subscription s
          where s.tenant_id = m.tenant_id and s.account_id = m.account_id and s.state <> 'ended'))
order by m.tenant_id, m.account_id;
