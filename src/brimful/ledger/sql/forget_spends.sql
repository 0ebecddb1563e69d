-- Forgets the keys of a tenant's spends that ended before an instant, a page in the order of their ids; what was spent
-- under them stays in a sum. Ids are in the order of time, so the old ones come first. Those that were held stay: they are
-- what a hold says of itself.
with page as (
    select s.account_id, s.key, s.spend_id, s.at < $3 as is_old
    from spend s
    where s.tenant_id = $1 and s.spend_id is not null and s.spend_id > $2
    order by s.spend_id
    limit $4
), gone as (
    delete from spend s using page p
    where s.tenant_id = $1 and s.account_id = p.account_id and s.key = p.key and s.spend_id = p.spend_id
      and s.at < $3 and s.state not in ('waiting', 'held')
    returning s.account_id, s.credits, s.state
), kept as (
    insert into forgotten_spend as f (tenant_id, account_id, credits)
    select $1, account_id, sum(credits) from gone where state = 'done' group by account_id order by account_id
    on conflict (tenant_id, account_id) do update set credits = f.credits + excluded.credits
)
select (select count(*) from gone) as forgotten, (select count(*) from page where is_old) as old,
    (select count(*) from page) as looked_at, (select spend_id from page order by spend_id desc limit 1) as last_id;
