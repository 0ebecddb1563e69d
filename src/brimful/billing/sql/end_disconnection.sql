-- The gateway, asked at $3, answers for a seller's account: it is closed no more, unless it was said to be since then.
delete from gateway_disconnection
where tenant_id = $1 and account_id = $2 and noted_real_at < $3
returning since_at;
