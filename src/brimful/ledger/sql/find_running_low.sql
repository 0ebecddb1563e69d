-- Accounts that used credits lately and may run out within a week, by id: what is left is no more than they used in
-- four weeks, which no week to come is expected to pass, or for one in its first week than a week at the rate so far.
select b.tenant_id, b.account_id
from usage_mark m
join balance b on b.tenant_id = m.tenant_id and b.account_id = m.account_id and b.resource = 'credits'
join account a on a.tenant_id = m.tenant_id and a.account_id = m.account_id
where m.carried_at > $1::timestamptz - interval '8 days' and (m.tenant_id, m.account_id) > ($2, $3)
  and b.free - ended_credits_v1(b, $1) <= (
      select sum(u.credits) from usage_sum u
      where u.tenant_id = m.tenant_id and u.account_id = m.account_id and u.grain = 'hour'
  ) * greatest(1, 168 / greatest(1, extract(epoch from $1 - a.created_at) / 3600 - 2))
order by b.tenant_id, b.account_id
limit $4;
