-- Demands that wait on a pool whose account has no purchase under way that they wait for: somebody must plan.
select distinct d.tenant_id, d.account_id from demand d
where d.state = 'waiting' and d.registered_real_at <= $1
  and not exists (select from awaited_purchase w where w.tenant_id = d.tenant_id and w.buyer_id = d.account_id)
limit $2;
