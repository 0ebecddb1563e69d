with moved as (
    select m.tenant_id, m.account_id, m.resource, m.place, sum(m.amount) as amount
    from (
        select e.tenant_id, e.account_id, e.resource, v.place, sum(v.amount) as amount
        from entry e cross join lateral (values (e.target, e.amount), (e.source, -e.amount)) v (place, amount)
        group by 1, 2, 3, 4
        union all
        select tenant_id, account_id, resource, place, amount from archived_sum
    ) m
    group by 1, 2, 3, 4
), kept as (
    select b.tenant_id, b.account_id, b.resource, v.place, v.amount
    from balance b cross join lateral (values ('free', free), ('reserved', reserved), ('held', held), ('used', used),
        ('sold', sold), ('lapsed', lapsed), ('clawed_back', clawed_back), ('overdrawn', -overdrawn), ('issued', -issued), ('outside', -received)) v (place, amount)
)
select k.tenant_id, format('%s %s: %s is %s, entries say %s', k.account_id, k.resource, k.place, k.amount, coalesce(m.amount, 0)) as detail
from kept k
left join moved m using (tenant_id, account_id, resource, place)
where k.amount <> coalesce(m.amount, 0);
