-- In whose name an endpoint's owner is told: its account's, or the platform's place in the tenant; none for the test of
-- a platform's endpoint, which is no tenant's.
select account_id from account where tenant_id = $1 and (account_id = $2 or ($3 and supply));
