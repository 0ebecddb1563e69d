-- The lines of a delivered purchase that brought credits, each with its lot, what of it lapsed with its account, and what
-- was reversed of it so far. The buyer is settled.
select l.line, l.lot_id, l.credits, l.credits_cost_minor as price_minor, lot.free, lot.frozen, lot.returned,
    coalesce(lot.lapsed - lot.lapsed_before, 0) as lapsed, coalesce(r.taken, 0) as taken, coalesce(r.missing, 0) as missing,
    coalesce(r.unfrozen, 0) as unfrozen, coalesce(r.owed, 0) as owed, coalesce(r.cleared, 0) as cleared
from purchase_line l
join lot on lot.tenant_id = l.tenant_id and lot.lot_id = l.lot_id
left join reversal r on r.tenant_id = l.tenant_id and r.purchase_id = l.purchase_id and r.line = l.line
where l.tenant_id = $1 and l.purchase_id = $2 and l.credits > 0
order by l.line;
