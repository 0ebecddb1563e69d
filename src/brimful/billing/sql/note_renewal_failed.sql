-- A renewal was not done: why, and when it is tried again (none: when somebody acts). After a decline the subscriber is
-- past due since it was due; a seller that could not be secured is not its fault, and the days that takes do not count
-- against it.
update subscription s set reason = $3, wake_at = $4,
    state = case
        when $5 and s.state = 'active' then 'past_due'
        when not $5 and s.state = 'past_due' then 'active'
        else s.state end,
    past_due_since = case when $5 then coalesce(s.past_due_since, $6) when s.state = 'suspended' then s.past_due_since end,
    seller_failed_at = case when $5 then s.seller_failed_at else coalesce(s.seller_failed_at, $6) end
where s.tenant_id = $1 and s.subscription_id = any ($2::uuid[]) and s.state <> 'ended';
