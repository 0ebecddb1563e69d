select distinct s.account_id from subscription s
where s.tenant_id = $1 and s.seller_id = $2 and s.wake_at <= $3 and s.state <> 'ended'
  and not exists (
      select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
order by s.account_id
limit $4;
