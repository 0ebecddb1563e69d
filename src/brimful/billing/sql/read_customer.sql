-- At its present seller's gateway account: another's knows nothing of it.
select m.gateway_customer from account a
join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
join payment_method m on m.tenant_id = a.tenant_id and m.account_id = a.account_id and m.gateway_account = p.merchant_ref
where a.tenant_id = $1 and a.account_id = $2
order by m.method_id desc
limit 1;
