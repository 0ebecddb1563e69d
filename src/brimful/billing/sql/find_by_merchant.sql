-- Whose account at the gateway a name is: a seller's, or the platform's, of which every tenant has a supply.
select a.tenant_id, a.account_id, a.supply, d.since_at
from account a
left join gateway_disconnection d on d.tenant_id = a.tenant_id and d.account_id = a.account_id
where a.merchant_ref = $1 and (a.sells or a.supply)
order by a.supply desc, a.account_id
limit 1;
