-- The period that chatbots join: the plan's, else that of the oldest chatbots (as in read_buyer).
select anchor_at, period_starts_at, period_ends_at, billing_interval from subscription
where tenant_id = $1 and account_id = $2 and state = 'active' and period_starts_at <= $3 and period_ends_at > $3
order by kind desc, subscription_id
limit 1;
