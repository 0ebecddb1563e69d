-- What an account has free: of its credits what has not ended, settled or not (spends before that took these lots first),
-- and of its chatbots.
select (b.free - greatest(0, coalesce((
           select sum(l.free) from lot l
           where l.tenant_id = b.tenant_id and l.account_id = b.account_id and l.free > 0 and l.expires_at <= $3
       ), 0) - b.unsettled))::bigint as credits,
       s.free as chatbots
from balance b
join balance s on s.tenant_id = b.tenant_id and s.account_id = b.account_id and s.resource = 'chatbots'
where b.tenant_id = $1 and b.account_id = $2 and b.resource = 'credits';
