select subscription_id, kind, package_id, package_version, credits, chatbots, recurring_minor, currency, billing_interval,
       period_starts_at, period_ends_at, automatic, state,
       ends_at_period_end, next_package_id, next_package_version, release_chatbots
from subscription
where tenant_id = $1 and account_id = $2 and subscription_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by subscription_id desc
limit $4;
