-- Those of one account; asked on behalf of whoever is short of its credits.
select hold_id from credit_hold
where tenant_id = $1 and account_id = $2 and state = 'standing' and ends_real_at <= $3
order by ends_real_at;
