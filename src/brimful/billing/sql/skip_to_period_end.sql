-- It brings nothing more before its period is over, and is looked at then.
update subscription set months_done = $3, due_at = period_ends_at, wake_at = period_ends_at
where tenant_id = $1 and subscription_id = $2;
