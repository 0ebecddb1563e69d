select exists (
    select 1 from purchase where tenant_id = $1 and buyer_id = $2 and state not in ('delivered', 'failed')
);
