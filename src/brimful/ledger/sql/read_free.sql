-- What an account has free: of its credits what has not ended, and of its chatbots.
select c.credits, s.free as chatbots
from free_credits_v1($1, $2, $3) c
join balance s on s.tenant_id = $1 and s.account_id = $2 and s.resource = 'chatbots';
