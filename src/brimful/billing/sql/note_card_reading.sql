-- What the gateway, asked at $4, said of a card in use, unless it was asked later and that is recorded; and whether it
-- is another card since.
update payment_method m
set fingerprint = $5, brand = $6, last4 = $7, exp_month = $8, exp_year = $9, read_real_at = $4
from payment_method before
where m.tenant_id = $1 and m.account_id = $2 and m.method_id = $3 and m.removed_at is null
  and (m.read_real_at is null or m.read_real_at < $4)
  and before.tenant_id = m.tenant_id and before.method_id = m.method_id
returning before.fingerprint <> m.fingerprint as is_another;
