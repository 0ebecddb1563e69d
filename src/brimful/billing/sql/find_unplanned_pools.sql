-- Demands that wait on a pool whose account has no purchase under way that they wait for (as in
-- purchase_at_gateway): somebody must plan.
select distinct d.tenant_id, d.account_id from demand d
where d.state = 'waiting' and d.registered_real_at <= $1
  and not exists (
      select 1 from purchase p
      where p.tenant_id = d.tenant_id and p.buyer_id = d.account_id and p.state not in ('delivered', 'failed')
        and ((p.origin <> 'by_hand' and p.state <> 'authenticating')
             or p.state in ('planned', 'created', 'capturing')
             or (p.state = 'canceling' and coalesce((
                 select bool_or(c.decline_code is null) from charge c
                 where c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id), true))))
limit $2;
