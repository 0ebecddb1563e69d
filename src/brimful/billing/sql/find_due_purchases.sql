select tenant_id, purchase_id from purchase
where wake_real_at <= $1 and lease_until <= $1 and state in ('planned', 'created', 'authenticating', 'capturing', 'canceling')
order by wake_real_at
limit $2;
