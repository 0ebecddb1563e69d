-- What is under way, said once for all statements that ask. Views, for the planner sees through them: a condition on the
-- buyer or the subscription reaches the indexes on open purchases.

-- A renewal that has not ended; one per account (R34). One that waits for its owner at the bank is among them.
create view open_renewal as
select tenant_id, purchase_id, buyer_id, seller_id, mode, state, demand_id
from purchase
where origin = 'renewal' and state not in ('delivered', 'failed');

-- A subscription that an open purchase of its account begins, changes or carries on: whatever else is to become of it
-- comes after that (R35, R37).
create view subscription_in_purchase as
select p.tenant_id, p.buyer_id, p.purchase_id, l.subscription_id
from purchase p
join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
where p.state not in ('delivered', 'failed') and l.subscription_id is not null;
