-- What another has taken over, or on to the next state, meanwhile is not put off; what has longer keeps that, such as an
-- owner's time at the bank.
with same as (
    select p.purchase_id from purchase p
    join unnest($2::uuid[], $3::bigint[], $4::text[]) as t (purchase_id, fence, state)
      on t.purchase_id = p.purchase_id and t.fence = p.fence and t.state = p.state
    where p.tenant_id = $1
    order by p.purchase_id
    for update of p
)
update purchase p set wake_real_at = greatest(p.wake_real_at, $5) from same where p.tenant_id = $1 and p.purchase_id = same.purchase_id;
