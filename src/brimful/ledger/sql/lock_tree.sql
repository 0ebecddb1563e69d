-- Nobody else moves or closes an account of the tenant, or opens one in it.
select 1 from account where tenant_id = $1 and account_id = $1 for no key update;
