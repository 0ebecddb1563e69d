-- Nobody pays for chatbots that are not there: what recurs was received and not returned. And what is emptied is empty.
select b.tenant_id, format('%s subscribes to %s chatbots and has received %s', b.account_id, s.chatbots, b.received) as detail
from balance b
join (
    select tenant_id, account_id, sum(chatbots) as chatbots from subscription where state <> 'ended' group by 1, 2
) s using (tenant_id, account_id)
where b.resource = 'chatbots' and s.chatbots > b.received
union all
select b.tenant_id, format('%s is closed and emptied and has %s free, %s reserved, %s chatbots used', b.account_id, b.free, b.reserved,
    case b.resource when 'chatbots' then b.used else 0 end)
from balance b
join account a using (tenant_id, account_id)
where a.emptied_at is not null
  and (b.free > 0 or b.reserved > 0 or b.resource = 'chatbots' and b.used > 0)
union all
select h.tenant_id, format('%s is closed and emptied and has %s credits held by hold %s', h.account_id, h.held, h.hold_id)
from credit_hold h
join account a using (tenant_id, account_id)
where a.emptied_at is not null and h.state = 'standing';
