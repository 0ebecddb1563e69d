-- Those of one account that hold the most; asked on behalf of whoever is short of its credits, who is not to wait for the
-- end of thousands.
select hold_id from credit_hold
where tenant_id = $1 and account_id = $2 and state = 'standing' and ends_real_at <= $3
order by held desc, ends_real_at limit $4;
