update subscription set state = 'ended', ended_at = $3, wake_at = null, ends_at_period_end = false, next_package_id = null,
    next_package_version = null, release_chatbots = 0, chatbots_to_come = 0
where tenant_id = $1 and subscription_id = $2 and state <> 'ended';
