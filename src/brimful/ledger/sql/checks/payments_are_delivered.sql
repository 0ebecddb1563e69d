-- Nobody pays for nothing: what a delivered purchase brought is what its lines say, once.
with brought as (
    select tenant_id, operation_id, sum(amount) filter (where resource = 'credits') as credits,
        sum(amount) filter (where resource = 'chatbots') as chatbots
    from transfer where kind = 'purchase' group by 1, 2
), lines as (
    select tenant_id, purchase_id, sum(credits) as credits, sum(chatbots) as chatbots from purchase_line group by 1, 2
)
select p.tenant_id, format('purchase %s is %s: lines %s/%s, brought %s/%s', p.purchase_id, p.state, l.credits, l.chatbots,
    coalesce(b.credits, 0), coalesce(b.chatbots, 0)) as detail
from purchase p
join lines l using (tenant_id, purchase_id)
left join brought b on b.tenant_id = p.tenant_id and b.operation_id = p.purchase_id
where coalesce(b.credits, 0) <> case when p.state = 'delivered' then l.credits else 0 end
   or coalesce(b.chatbots, 0) <> case when p.state = 'delivered' then l.chatbots else 0 end;
