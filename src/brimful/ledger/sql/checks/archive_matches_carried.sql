-- Months that were archived are what was carried of them, as long as their entries are in the database.
with kept as (
    select e.tenant_id, e.account_id, e.resource, date_trunc('month', e.at, 'UTC') as month, v.place, sum(v.amount) as amount
    from archive.entry e
    cross join lateral (values (e.target, e.amount), (e.source, -e.amount), ('entries', 1), ('numbers', e.seq)) v (place, amount)
    group by 1, 2, 3, 4, 5
), carried as (
    select tenant_id, account_id, resource, month, place, amount from archived_sum
    union all
    select r.tenant_id, r.account_id, r.resource, r.month, v.place, sum(v.amount)
    from archived_run r
    cross join lateral (values ('entries', r.last_seq - r.first_seq + 1),
        ('numbers', (r.last_seq - r.first_seq + 1)::numeric * (r.first_seq + r.last_seq) / 2)) v (place, amount)
    group by 1, 2, 3, 4, 5
)
select tenant_id, format('%s %s in the month from %s: %s is %s, its entries say %s', account_id, resource, month, place,
    coalesce(c.amount, 0), coalesce(k.amount, 0)) as detail
from (select c.* from carried c join archived_month m on m.starts_at = c.month where m.state = 'kept') c
full join kept k using (tenant_id, account_id, resource, month, place)
where coalesce(c.amount, 0) <> coalesce(k.amount, 0)
union all
select tenant_id, format('%s %s: archived entry %s has %s free after it, the one before says %s', account_id, resource, seq, free_after,
    free_before + freed)
from (
    select tenant_id, account_id, resource, seq, free_after,
        case 'free' when target then amount when source then -amount else 0 end as freed,
        lag(free_after) over w as free_before, lag(seq) over w as seq_before
    from archive.entry
    window w as (partition by tenant_id, account_id, resource order by seq)
) e
where seq_before = seq - 1 and free_after <> free_before + freed
union all
select r.tenant_id, format('%s %s: archived entry %s has %s free after it, %s was carried', r.account_id, r.resource, r.last_seq,
    e.free_after, r.free_after)
from archived_run r
join archive.entry e on e.tenant_id = r.tenant_id and e.account_id = r.account_id and e.resource = r.resource and e.seq = r.last_seq
where e.free_after <> r.free_after;
