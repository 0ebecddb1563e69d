select d.tenant_id, d.account_id
from gateway_disconnection d
join account a on a.tenant_id = d.tenant_id and a.account_id = d.account_id and a.state = 'open'
where d.ask_real_at <= $1
order by d.ask_real_at
limit $2;
