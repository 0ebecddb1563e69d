update api_key k set revoked_at = $4
from account a
where a.tenant_id = $1 and $2 = any (a.ancestors) and k.account_id = a.account_id
  and k.vouched_by && $3::uuid[] and k.revoked_at is null
returning k.key_id;
