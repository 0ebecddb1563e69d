-- Pools that somebody waits on, or that have to repay what they were overdrawn by.
select account_id from demand
where tenant_id = $1 and account_id = any ($2::uuid[]) and state = 'waiting'
union
select account_id from balance
where tenant_id = $1 and account_id = any ($2::uuid[]) and resource = 'credits' and overdrawn > 0
order by account_id;
