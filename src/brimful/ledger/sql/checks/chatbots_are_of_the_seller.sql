-- What an account has of chatbots it has of its present seller: a move gave back what was another's (R46).
select t.tenant_id, format('%s has %s chatbots of %s, its seller is %s', t.buyer_id, t.amount, t.seller_id, a.parent_id) as detail
from (
    select tenant_id, buyer_id, seller_id, sum(case kind when 'return' then -amount else amount end) as amount
    from transfer where resource = 'chatbots' group by 1, 2, 3
) t
join account a on a.tenant_id = t.tenant_id and a.account_id = t.buyer_id
where t.amount <> 0 and t.seller_id <> a.parent_id;
