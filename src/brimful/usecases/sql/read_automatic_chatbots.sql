select subscription_id, chatbots, release_chatbots, period_ends_at from subscription
where tenant_id = $1 and account_id = $2 and automatic and kind = 'extra_chatbots' and state <> 'ended'
  and not ends_at_period_end
order by period_ends_at, subscription_id;
