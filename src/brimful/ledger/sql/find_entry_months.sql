-- Months (UTC) that have entries outside the archive, or a partition for them, oldest first. One that was archived is not
-- archived again, should something still have been dated in it.
select m.starts_at
from (
    select make_timestamptz(substr(c.relname, 7, 4)::int, substr(c.relname, 12, 2)::int, 1, 0, 0, 0, 'UTC') as starts_at
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'entry'::regclass and c.relname ~ '^entry_[0-9]{4}_[0-9]{2}$'
    union
    select date_trunc('month', at, 'UTC') from entry_default group by 1
) m
where not exists (select 1 from archived_month a where a.starts_at = m.starts_at)
order by m.starts_at;
