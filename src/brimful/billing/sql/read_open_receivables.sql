-- What an account owes its seller and no charge collects yet; of that, what came of purchases by hand; and what it will
-- owe besides: once purchases too small to charge are delivered, and if charges under way fail that would collect.
select coalesce((
           select sum(r.amount_minor) from receivable r
           where r.tenant_id = $1 and r.account_id = $2 and r.seller_id = a.parent_id and r.collected_by is null), 0)::bigint
           as minor,
       coalesce((
           select sum(r.amount_minor) from receivable r
           join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.purchase_id
           where r.tenant_id = $1 and r.account_id = $2 and r.seller_id = a.parent_id and r.collected_by is null
             and not p.automatic), 0)::bigint as by_hand_minor,
       coalesce((
           select sum(p.amount_minor) from purchase p
           where p.tenant_id = $1 and p.buyer_id = $2 and p.mode = 'receivable'
             and p.state not in ('delivered', 'failed')), 0)::bigint
       + coalesce((
           select sum(r.amount_minor) from receivable r
           join purchase p on p.tenant_id = r.tenant_id and p.purchase_id = r.collected_by
           where r.tenant_id = $1 and r.account_id = $2 and p.state not in ('delivered', 'failed')), 0)::bigint
       as coming_minor
from account a
where a.tenant_id = $1 and a.account_id = $2;
