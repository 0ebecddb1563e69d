-- What is to become of a subscription at period end. One that is to end, and whose period is over, is due now.
update subscription set ends_at_period_end = $3, next_package_id = $4, next_package_version = $5, release_chatbots = $6,
    chosen_real_at = $8,
    wake_at = case when $3 and period_ends_at <= $7 then $7 else wake_at end
where tenant_id = $1 and subscription_id = $2;
