-- Purchases whose buyers are due credits back that their sellers have again.
select distinct r.tenant_id, r.purchase_id from reversal r
join balance b on b.tenant_id = r.tenant_id and b.account_id = r.seller_id and b.resource = 'credits' and b.free > 0
where r.owed > 0
limit $1;
