-- What an account holds at $3: what has ended by then is not free any more, but lapsed, whether or not that is done (R36).
select b.resource, b.free - ended_credits_v1(b, $3) as free, b.reserved, b.held, b.used, b.sold, b.received,
       b.lapsed + ended_credits_v1(b, $3) as lapsed, b.clawed_back, b.overdrawn, b.issued, b.unsettled, b.next_expiry_at
from balance b
where b.tenant_id = $1 and b.account_id = $2;
