update subscription set wake_at = $4
where tenant_id = $1 and account_id = $2 and wake_at <= $3 and state <> 'ended';
