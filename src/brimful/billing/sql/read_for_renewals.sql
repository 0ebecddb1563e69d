-- The purchases that wait on a seller's pool and are renewals, or were made for some.
select d.operation_id from demand d
join purchase p on p.tenant_id = d.tenant_id and p.purchase_id = d.operation_id
where d.tenant_id = $1 and d.account_id = $2 and d.state = 'waiting' and d.kind = 'purchase'
  and (p.origin = 'renewal' or p.for_renewals);
