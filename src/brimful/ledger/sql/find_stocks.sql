-- What accounts hold at $3, as read_stock_at has it, of those that the keys they are asked about with may see (R40): the
-- platform's any, an account's itself and what is below it; of none that is a place of the platform's in a tenant.
select k.secret_hash, a.account_id,
       b.resource, b.free - ended_credits_v1(b, $3) as free, b.reserved, b.held, b.used, b.sold, b.received,
       b.lapsed + ended_credits_v1(b, $3) as lapsed, b.clawed_back, b.overdrawn, b.issued, b.unsettled, b.next_expiry_at
from unnest($1::bytea[], $2::uuid[]) asked (secret_hash, account_id)
join api_key k on k.secret_hash = asked.secret_hash and k.revoked_at is null
join account_route r on r.account_id = asked.account_id
join account a on a.tenant_id = r.tenant_id and a.account_id = r.account_id and not a.supply
join balance b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
where k.tenant_id is null or (k.tenant_id = a.tenant_id and k.account_id = any (a.ancestors));
