select b.tenant_id, format('%s %s: reserved %s, demands say %s', b.account_id, b.resource, b.reserved,
    coalesce(case b.resource when 'credits' then d.credits else d.chatbots end, 0)) as detail
from balance b
left join (
    select tenant_id, account_id, sum(reserved_credits) as credits, sum(reserved_chatbots) as chatbots from demand group by 1, 2
) d using (tenant_id, account_id)
where b.reserved <> coalesce(case b.resource when 'credits' then d.credits else d.chatbots end, 0);
