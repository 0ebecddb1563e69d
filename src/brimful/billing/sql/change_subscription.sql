-- Its period is over and it goes on as another plan, which its renewal then pays for; by another interval it begins anew.
update subscription set package_id = $3, package_version = $4, credits = $5, chatbots = least(chatbots, $6),
    chatbots_to_come = greatest($6 - chatbots, 0), recurring_minor = $7, billing_interval = $8, anchor_at = $9,
    months_done = $10, next_package_id = null, next_package_version = null
where tenant_id = $1 and subscription_id = $2;
