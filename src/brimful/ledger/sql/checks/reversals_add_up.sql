-- Of each line of a charge, what was taken back, set aside and is missing is what its refunds and disputes ask for (R25):
-- of a price p of which a was paid back, floor(credits × a ÷ p). What the account gave back otherwise counts as taken:
-- when it was closed, what lapsed with it too.
with paid as (
    select p.tenant_id, p.purchase_id, c.amount_minor as charge_minor
    from purchase p
    join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id and c.state = 'captured'
    where p.state = 'delivered'
), back as (
    select tenant_id, purchase_id, line, amount_minor, state = 'succeeded' as gone from refund
    where state in ('requested', 'pending', 'succeeded')
    union all
    select tenant_id, purchase_id, null, amount_minor, state = 'lost' from dispute where state in ('open', 'lost')
), asked as (
    select l.tenant_id, l.purchase_id, l.line, l.credits, l.credits_cost_minor as price, v.gone,
        coalesce(sum(b.amount_minor) filter (where b.line = l.line), 0) as named,
        coalesce(sum(b.amount_minor) filter (where b.line is null), 0) as unnamed,
        paid.charge_minor - coalesce(sum(b.amount_minor) filter (where b.line is not null), 0) as rest
    from paid
    join purchase_line l using (tenant_id, purchase_id)
    cross join (values (true), (false)) v (gone)
    left join back b on b.tenant_id = l.tenant_id and b.purchase_id = l.purchase_id and (b.gone or not v.gone)
    where l.credits > 0
    group by l.tenant_id, l.purchase_id, l.line, l.credits, l.credits_cost_minor, v.gone, paid.charge_minor
), counted as (
    select tenant_id, purchase_id, line, gone, case
        when rest <= 0 then case when price = 0 then 0 else div(credits * least(named, price), price) end
        when price = 0 then div(credits * least(unnamed, rest), rest)
        else div(credits * least(named * rest + (price - named) * least(unnamed, rest), price * rest), price * rest)
        end as credits
    from asked
), wanted as (
    select tenant_id, purchase_id, line, max(credits) filter (where gone) as take, max(credits) filter (where not gone) as away
    from counted group by 1, 2, 3
), got as (
    select w.*, coalesce(r.taken - r.owed, 0) as taken, coalesce(r.frozen, 0) as frozen, coalesce(r.missing, 0) as missing,
        coalesce(r.unfrozen, 0) as unfrozen,
        lot.returned - coalesce(r.taken, 0) + coalesce(lot.lapsed - lot.lapsed_before, 0) as otherwise
    from wanted w
    join purchase_line l using (tenant_id, purchase_id, line)
    join lot on lot.tenant_id = l.tenant_id and lot.lot_id = l.lot_id
    left join reversal r on r.tenant_id = w.tenant_id and r.purchase_id = w.purchase_id and r.line = w.line
)
select tenant_id, format('line %s of purchase %s: %s to be back and %s away, taken %s, missing %s, frozen %s, unfrozen %s, otherwise %s',
    line, purchase_id, take, away, taken, missing, frozen, unfrozen, otherwise) as detail
from got
where taken + missing > take or taken + missing + otherwise < take
   or taken + missing + frozen + unfrozen > away or taken + missing + frozen + unfrozen + otherwise < away;
