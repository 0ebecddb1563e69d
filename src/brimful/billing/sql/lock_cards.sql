-- Whoever begins or ends an attempt at a card locks it, wherever it is on file, so that attempts are counted exactly.
select m.method_id from payment_method m
join unnest($2::text[], $3::text[]) as t (gateway_account, fingerprint)
  on m.gateway_account = t.gateway_account and m.fingerprint = t.fingerprint
where m.tenant_id = $1 and m.removed_at is null
order by m.gateway_account, m.fingerprint, m.method_id
for no key update of m;
