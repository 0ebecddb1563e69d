select exists (
    select 1 from subscription
    where tenant_id = $1 and account_id = $2 and kind = 'subscription' and state <> 'ended'
) or exists (
    select 1 from purchase p
    join purchase_line l on l.tenant_id = p.tenant_id and l.purchase_id = p.purchase_id
    where p.tenant_id = $1 and p.buyer_id = $2 and p.state not in ('delivered', 'failed') and l.kind = 'subscription'
);
