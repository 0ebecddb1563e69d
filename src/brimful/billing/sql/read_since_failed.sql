-- Whether any of what a failed auto-billing was to buy has been bought since, or is being bought. A purchase that was planned
-- before it counts when it was delivered after: it had waited for a person, whom a shortage does not wait for. While a test
-- clock stands, ids tell which of two was planned first.
select coalesce(bool_or(p.state = 'delivered'), false) as bought,
       coalesce(bool_or(p.state not in ('delivered', 'failed')), false) as under_way
from purchase f
join purchase p on p.tenant_id = f.tenant_id and p.buyer_id = f.buyer_id
where f.tenant_id = $1 and f.purchase_id = $2 and f.automatic
  and p.origin in ('auto_billing', 'by_hand') and (p.purchase_id > f.purchase_id or p.ended_at > f.planned_at)
  and ((f.credits > 0 and p.credits > 0) or (f.chatbots > 0 and p.chatbots > 0));
