select n.secret_hash, n.account_id, a.tenant_id
from unnest($1::bytea[], $2::uuid[]) n (secret_hash, account_id)
join api_key k on k.secret_hash = n.secret_hash and k.revoked_at is null and not k.read_only
join account_route r on r.account_id = n.account_id
join account a on a.tenant_id = r.tenant_id and a.account_id = r.account_id
where a.state = 'open' and not a.supply
  and (k.tenant_id is null or (k.tenant_id = a.tenant_id and k.account_id = any (a.ancestors)));
