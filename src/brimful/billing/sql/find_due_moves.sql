-- Accounts that are to move by $1 and of which no purchase is under way; with $3, those of one seller.
select a.tenant_id, a.account_id from account a
where a.moves_at <= $1 and ($3::uuid is null or (a.tenant_id = $3 and a.parent_id = $4)) and not exists (
    select 1 from purchase p
    where p.tenant_id = a.tenant_id and p.buyer_id = a.account_id and p.state not in ('delivered', 'failed'))
order by a.moves_at, a.account_id
limit $2;
