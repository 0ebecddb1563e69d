-- Whether refunds or disputes still take, or set aside, what is free in lots of an account.
select exists (
    select from lot l
    join lacking_reversal r on r.tenant_id = l.tenant_id and r.lot_id = l.lot_id
    where l.tenant_id = $1 and l.account_id = $2 and l.free > 0);
