-- The subscriptions that a renewal is for, and since when their seller, or their own card, fails them. They were parked
-- when it began, so that one that is to be looked at was cancelled since.
select l.subscription_id, v.name as package_name, a.zone, s.seller_failed_at, s.past_due_since,
       s.wake_at is not null as cancelled
from purchase_line l
join subscription s on s.tenant_id = l.tenant_id and s.subscription_id = l.subscription_id
join account a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
left join package_version v on v.package_id = s.package_id and v.version = s.package_version
where l.tenant_id = $1 and l.purchase_id = $2;
