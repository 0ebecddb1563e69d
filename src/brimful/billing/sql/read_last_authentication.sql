select a.authentication_id, a.account_id, a.failed_id, a.expires_at, a.purchase_id, a.action_url from authentication a
left join purchase p on p.tenant_id = a.tenant_id and p.purchase_id = a.purchase_id
where a.tenant_id = $1 and a.account_id = $2 and p.state is distinct from 'delivered'
order by a.authentication_id desc
limit 1;
