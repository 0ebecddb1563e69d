-- As it is until the transaction ends: it neither moves nor closes meanwhile.
select state from account
where tenant_id = $1 and account_id = $2 and ($3::uuid is null or $3 = any (ancestors))
for share;
