-- Demands that wait on a pool whose account has no purchase open at the gateway: somebody must plan.
select distinct d.tenant_id, d.account_id from demand d
where d.state = 'waiting' and d.registered_real_at <= $1
  and not exists (
      select 1 from purchase p
      where p.tenant_id = d.tenant_id and p.buyer_id = d.account_id
        and p.state not in ('delivered', 'failed') and (p.automatic or p.state <> 'waiting'))
limit $2;
