-- When what an account has paid for ends: the period of its plan; without one, of its oldest chatbots.
select period_ends_at from subscription
where tenant_id = $1 and account_id = $2 and state <> 'ended'
order by kind desc, subscription_id
limit 1;
