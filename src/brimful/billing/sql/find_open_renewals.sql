select r.purchase_id from account a
join open_renewal r on r.tenant_id = a.tenant_id and r.buyer_id = any (a.ancestors) and r.state <> 'authenticating'
                   and not (r.state = 'canceling' and (r.mode <> 'charge' or exists (
                       select 1 from gateway_disconnection x where x.tenant_id = r.tenant_id and x.account_id = r.seller_id)))
where a.tenant_id = $1 and a.account_id = $2;
