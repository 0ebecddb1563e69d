select a.tenant_id, a.account_id, a.parent_id, a.supply, a.seller_ref, a.ancestors, a.sells, a.name, a.external_id,
       a.currency, a.zone, a.owner_name, a.owner_email, a.merchant_ref, a.state, a.created_at, a.closed_at,
       a.moves_to, a.moves_at, a.moves_by, d.since_at as disconnected_at
from account a
left join gateway_disconnection d on d.tenant_id = a.tenant_id and d.account_id = a.account_id
where a.account_id = a.tenant_id and a.account_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
order by a.account_id
limit $2;
