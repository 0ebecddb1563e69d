-- Of a purchase that another has taken on to the next step meanwhile nothing is counted, nor put off.
update purchase set tries = tries + case when $5 then 1 else 0 end, wake_real_at = $3 where tenant_id = $1 and purchase_id = $2 and state = $4 returning tries;
