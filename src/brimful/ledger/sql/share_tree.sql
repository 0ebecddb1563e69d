-- Nobody moves or closes an account of the tenant.
select 1 from account where tenant_id = $1 and account_id = $1 for share;
