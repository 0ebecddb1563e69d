-- For an account and each of its ancestors below the supply, nearest first: is its auto-billing on, and what
-- does its seller offer, and can it charge? Auto-billing is allowed when every seller on the way up has it on, sells
-- credits, and its gateway account is open to us (R9, R10).
select a.account_id, a.parent_id, p.supply as seller_is_supply,
       coalesce(s.enabled, false) as enabled,
       exists (
           select 1 from package k
           where k.seller_ref = p.seller_ref and k.kind = 'additional_credits' and k.withdrawn_at is null
       ) as seller_offers_credits,
       not exists (
           select 1 from gateway_disconnection d where d.tenant_id = p.tenant_id and d.account_id = p.account_id
       ) as seller_connected
from account me
join account a on a.tenant_id = me.tenant_id and a.account_id = any (me.ancestors)
join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
left join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
where me.tenant_id = $1 and me.account_id = $2
order by cardinality(a.ancestors) desc;
