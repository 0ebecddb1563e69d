-- Fewer chatbots recur, at the price of so many.
update subscription set chatbots = $3, recurring_minor = $4, release_chatbots = 0
where tenant_id = $1 and subscription_id = $2;
