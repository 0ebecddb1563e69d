select tenant_id, format('%s %s: entry %s is out of order or its free_after is wrong', account_id, resource, seq) as detail
from (
    select tenant_id, account_id, resource, seq, free_after,
        row_number() over w as expected_seq,
        sum(case when target = 'free' then amount when source = 'free' then -amount else 0 end) over w as expected_free
    from entry
    window w as (partition by tenant_id, account_id, resource order by seq)
) e
where seq <> expected_seq or free_after <> expected_free;
