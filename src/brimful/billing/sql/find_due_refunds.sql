select tenant_id, refund_id from refund
where wake_real_at <= $1 and lease_until <= $1
order by wake_real_at
limit $2;
