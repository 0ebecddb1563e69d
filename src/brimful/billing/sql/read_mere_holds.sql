-- Purchases of an account whose capture has not begun: automatic ones, and with $3 those by hand as well.
-- One that is at the gateway may have been taken by now; its cancellation is the fence (R22).
select purchase_id from purchase
where tenant_id = $1 and buyer_id = $2 and (automatic or $3) and state in ('planned', 'created', 'authenticating', 'waiting')
order by purchase_id
for update;
