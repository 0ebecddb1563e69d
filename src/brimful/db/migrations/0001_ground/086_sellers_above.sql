-- For an account and each of its ancestors below the supply, nearest first: is its auto-billing on, and what does its
-- seller offer, and can it charge? Auto-billing is allowed when every seller on the way up has it on, sells credits,
-- and its gateway account is open to us (R9, R10).
create function sellers_above_v1(p_tenant uuid, p_account uuid)
returns table (place bigint, seller_is_supply boolean, enabled boolean, seller_offers_credits boolean,
               seller_connected boolean)
language sql stable as $$
    select row_number() over (order by cardinality(a.ancestors) desc), p.supply, coalesce(s.enabled, false),
        exists (
            select 1 from package k
            where k.seller_ref = p.seller_ref and k.kind = 'additional_credits' and k.withdrawn_at is null
        ),
        not exists (
            select 1 from gateway_disconnection d where d.tenant_id = p.tenant_id and d.account_id = p.account_id
        )
    from account me
    join account a on a.tenant_id = me.tenant_id and a.account_id = any (me.ancestors)
    join account p on p.tenant_id = a.tenant_id and p.account_id = a.parent_id
    left join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
    where me.tenant_id = p_tenant and me.account_id = p_account
$$;
