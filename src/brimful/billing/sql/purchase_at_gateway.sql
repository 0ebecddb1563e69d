-- A purchase of the account that a shortage waits for (R19, R35): an open auto-billing or renewal, or one by hand that is at the
-- gateway, or is being cancelled there and may turn out to have been taken. One that was declined will not.
select p.purchase_id from purchase p
where p.tenant_id = $1 and p.buyer_id = $2 and p.state not in ('delivered', 'failed')
  and ((p.origin <> 'by_hand' and p.state <> 'authenticating')
       or p.state in ('planned', 'created', 'capturing')
       or (p.state = 'canceling' and coalesce((
           select bool_or(c.decline_code is null) from charge c
           where c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id), true)))
limit 1;
