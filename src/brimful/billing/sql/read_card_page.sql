select p.tenant_id, p.account_id, p.page_id, p.gateway_account, p.gateway_customer, p.role, p.method_id,
       m.removed_at is not null as removed
from card_page p
left join payment_method m on m.tenant_id = p.tenant_id and m.method_id = p.method_id
where p.tenant_id = $1 and p.account_id = $2 and p.page_id = $3;
