-- Their renewal is under way: whoever ends it says when they are to be looked at again.
update subscription set wake_at = null where tenant_id = $1 and subscription_id = any ($2::uuid[]);
