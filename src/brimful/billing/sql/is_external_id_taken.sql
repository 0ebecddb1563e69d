-- Whether another seller has an account of the same external id already.
select exists (
    select 1 from account a
    join account o on o.tenant_id = a.tenant_id and o.external_id = a.external_id
    where a.tenant_id = $1 and a.account_id = $2 and o.parent_id = $3 and o.account_id <> $2
);
