select distinct account_id from subscription
where tenant_id = $1 and seller_id = $2 and wake_at <= $3 and state <> 'ended'
order by account_id
limit $4;
