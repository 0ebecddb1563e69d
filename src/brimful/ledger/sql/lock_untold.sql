-- A credit lease that stands and of which nobody was told yet, locked; no row for any other.
select from credit_hold
where tenant_id = $1 and account_id = $2 and hold_id = $3 and leased and state = 'standing' and not told for update;
