-- As delete_webhook_endpoint, with what is due there.
with gone as (
    update webhook_endpoint e
    set deleted_at = $4, disabled_at = coalesce(e.disabled_at, $4), disabled_because = coalesce(e.disabled_because, 'owner'),
        secret = '', secret_before = null, secret_before_until = null
    from account a
    where a.tenant_id = $1 and $2 = any (a.ancestors) and e.account_id = a.account_id
      and e.vouched_by && $3::uuid[] and e.deleted_at is null
    returning e.endpoint_id
), dropped as (
    update webhook_delivery d set state = 'dead', last_error = 'endpoint_disabled', done_real_at = $5
    from gone g
    where d.endpoint_id = g.endpoint_id and d.state = 'due'
)
select endpoint_id from gone;
