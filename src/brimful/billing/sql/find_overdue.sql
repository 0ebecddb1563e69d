-- (tenant, account) of those of whom something is past due for so long that it is suspended, the longest first; not while
-- a renewal of theirs is under way (R35).
select s.tenant_id, s.account_id
from subscription s
where s.state = 'past_due' and s.past_due_since <= $1
  and not exists (
      select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
group by s.tenant_id, s.account_id
order by min(s.past_due_since)
limit $2;
