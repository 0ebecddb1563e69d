-- Accounts that are closed and of which nothing is under way any more, but that were not emptied since.
select a.tenant_id, a.account_id from account a
where a.state = 'closed' and a.emptied_at is null and not exists (
    select 1 from purchase p
    where p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.state not in ('delivered', 'failed'))
  and not exists (
    select 1 from credit_hold h
    where h.tenant_id = a.tenant_id and h.account_id = a.account_id and h.state = 'standing')
order by a.closed_at
limit $1;
