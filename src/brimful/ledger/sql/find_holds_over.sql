select tenant_id, account_id, hold_id from credit_hold
where state = 'standing' and ends_real_at <= $1
order by ends_real_at
limit $2;
