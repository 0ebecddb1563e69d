-- What is under way, said once for all statements that ask. Views, for the planner sees through them: a condition on the
-- buyer or the subscription reaches the indexes on open purchases.

-- A renewal that has not ended; one per account (R34). One that waits for its owner at the bank is among them.
create view open_renewal as
select tenant_id, purchase_id, buyer_id, seller_id, mode, state, demand_id
from purchase
where origin = 'renewal' and state not in ('delivered', 'failed');

-- A purchase that a shortage of its buyer waits for (R19, R35): an open auto-billing or renewal, or one by hand that is at the
-- gateway, its card held while its seller buys included, or is being cancelled there and may turn out to have been taken. One
-- that was declined will not, and one that waits for its owner may never be.
create view awaited_purchase as
select p.tenant_id, p.purchase_id, p.buyer_id
from purchase p
where p.state not in ('delivered', 'failed')
  and ((p.origin <> 'by_hand' and p.state <> 'authenticating')
       or p.state in ('planned', 'created', 'waiting', 'capturing')
       or (p.state = 'canceling' and coalesce((
           select bool_or(c.decline_code is null) from charge c
           where c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id), true)));

-- A subscription that an open purchase of its account begins, changes or carries on: whatever else is to become of it
-- comes after that (R35, R37).
create view subscription_in_purchase as
select p.tenant_id, p.buyer_id, p.purchase_id, l.subscription_id
from purchase p
join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
where p.state not in ('delivered', 'failed') and l.subscription_id is not null;
