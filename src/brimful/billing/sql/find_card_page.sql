select p.tenant_id, p.account_id, p.page_id, p.gateway_account, p.gateway_customer, p.role, p.method_id,
       m.removed_at is not null as removed
from card_page_route r
join card_page p on p.tenant_id = r.tenant_id and p.account_id = r.account_id and p.page_id = r.page_id
left join payment_method m on m.tenant_id = p.tenant_id and m.method_id = p.method_id
where r.gateway = $1 and r.page_id = $2;
