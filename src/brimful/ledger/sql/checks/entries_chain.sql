-- Numbers follow each other up to the balance's, and each has what was free after it, whether an entry is there or was
-- carried with a month.
select tenant_id, format('%s %s: entry %s is out of order or its free_after is wrong', account_id, resource, seq) as detail
from (
    select tenant_id, account_id, resource, seq, free_after,
        coalesce(lag(last_seq) over w, 0) + 1 as expected_seq, sum(freed) over w as expected_free
    from (
        select tenant_id, account_id, resource, seq, seq as last_seq, free_after,
            case 'free' when target then amount when source then -amount else 0 end as freed
        from entry
        union all
        select tenant_id, account_id, resource, first_seq, last_seq, free_after, freed from archived_run
    ) a
    window w as (partition by tenant_id, account_id, resource order by seq)
) e
where seq <> expected_seq or free_after <> expected_free
union all
select b.tenant_id, format('%s %s: the last entry is %s, the balance says %s', b.account_id, b.resource, coalesce(e.seq, 0), b.seq)
from balance b
left join (
    select tenant_id, account_id, resource, max(seq) as seq from (
        select tenant_id, account_id, resource, seq from entry
        union all
        select tenant_id, account_id, resource, last_seq from archived_run
    ) a
    group by 1, 2, 3
) e using (tenant_id, account_id, resource)
where b.seq <> coalesce(e.seq, 0);
