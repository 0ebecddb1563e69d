-- Purchases whose buyers are due credits back that their sellers have again, or lack credits of lots in which some are free.
select r.tenant_id, r.purchase_id, r.account_id as buyer_id, r.seller_id from reversal r
join balance b on b.tenant_id = r.tenant_id and b.account_id = r.seller_id and b.resource = 'credits' and b.free > 0
where r.owed > 0
union
select r.tenant_id, r.purchase_id, r.account_id, r.seller_id from lacking_reversal r
join lot l on l.tenant_id = r.tenant_id and l.lot_id = r.lot_id and l.free > 0
limit $1;
