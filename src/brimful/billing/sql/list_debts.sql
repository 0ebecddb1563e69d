-- What an account owes of its purchases, or, with $5, what its buyers owe it, and what that was paid for with. With $6
-- only what is owed to that account or to one below it.
select r.debt_id, r.purchase_id, c.charge_id, r.account_id, a.name, r.line, r.missing - r.cleared as credits,
    (l.credits_cost_minor::numeric * (r.missing - r.cleared) / l.credits)::bigint as amount_minor, c.currency, r.cleared,
    r.cleared_by, r.cleared_at, r.changed_at
from reversal r
join account a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
join purchase_line l on l.tenant_id = r.tenant_id and l.purchase_id = r.purchase_id and l.line = r.line
join charge c on c.tenant_id = r.tenant_id and c.purchase_id = r.purchase_id and c.state = 'captured'
where r.tenant_id = $1 and case when $5 then r.seller_id else r.account_id end = $2 and r.missing > 0
  and r.debt_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  and ($6::uuid is null or exists (
    select from account s
    where s.tenant_id = r.tenant_id and s.account_id = r.seller_id and $6 = any (s.ancestors)))
order by r.debt_id desc
limit $4;
