-- A subscription of an account, locked, and whether a purchase that will run it is under way.
select s.subscription_id, s.account_id, s.seller_id, s.kind, s.package_id, s.package_version, s.credits, s.chatbots,
       s.recurring_minor, s.currency, s.billing_interval as interval, s.anchor_at, s.months_done, s.period_starts_at,
       s.period_ends_at, s.due_at, s.automatic, s.state, s.ends_at_period_end, s.next_package_id, s.next_package_version,
       s.release_chatbots,
       exists (
           select 1 from subscription_in_purchase u
           where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id
       ) as under_way
from subscription s
where s.tenant_id = $1 and s.account_id = $2 and s.subscription_id = $3
for update of s;
