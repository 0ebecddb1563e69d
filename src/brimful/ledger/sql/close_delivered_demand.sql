update demand set state = 'consumed', reserved_credits = 0, reserved_chatbots = 0, ended_at = $3
where tenant_id = $1 and demand_id = $2 and state = 'met';
