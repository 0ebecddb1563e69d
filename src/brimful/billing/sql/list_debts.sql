-- What an account owes of its purchases, or, with $5, what its buyers owe it.
select r.debt_id, r.purchase_id, c.charge_id, r.account_id, a.name, r.line, r.missing - r.cleared as credits,
    r.missing, r.cleared, r.cleared_by, r.cleared_at, r.changed_at
from reversal r
join account a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
join charge c on c.tenant_id = r.tenant_id and c.purchase_id = r.purchase_id and c.state = 'captured'
where r.tenant_id = $1 and case when $5 then r.seller_id else r.account_id end = $2 and r.missing > 0
  and ($3::uuid is null or r.debt_id < $3)
order by r.debt_id desc
limit $4;
