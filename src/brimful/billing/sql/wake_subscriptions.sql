update subscription set wake_at = $3 where tenant_id = $1 and subscription_id = any ($2::uuid[]) and state <> 'ended';
