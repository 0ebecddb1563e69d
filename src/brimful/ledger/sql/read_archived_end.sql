-- Where the statement of an account ends because what is before was archived; no row when nothing was.
select m.ends_at as before, r.last_seq as seq, r.free_after
from archived_run r
join archived_month m on m.starts_at = r.month
where r.tenant_id = $1 and r.account_id = $2 and r.resource = $3
order by r.last_seq desc
limit 1;
