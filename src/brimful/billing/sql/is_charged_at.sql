select a.state = 'open' and s.merchant_ref = $3
from account a
join account s on s.tenant_id = a.tenant_id and s.account_id = a.parent_id
where a.tenant_id = $1 and a.account_id = $2;
