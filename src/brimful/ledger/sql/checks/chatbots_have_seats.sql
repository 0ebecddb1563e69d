select b.tenant_id, format('%s uses %s seats for %s chatbots', b.account_id, b.used, coalesce(c.chatbots, 0)) as detail
from balance b
left join (select tenant_id, account_id, count(*) as chatbots from chatbot where state = 'active' group by 1, 2) c
    using (tenant_id, account_id)
where b.resource = 'chatbots' and b.used <> coalesce(c.chatbots, 0);
