-- Purchases from a seller, by whomever begun, whose capture has not begun; its family is locked.
select purchase_id from purchase
where tenant_id = $1 and seller_id = $2 and state in ('planned', 'created', 'authenticating', 'waiting')
order by purchase_id
for update;
