select p.purchase_id from account a
join purchase p on p.tenant_id = a.tenant_id and p.buyer_id = any (a.ancestors) and p.origin = 'renewal'
               and p.state not in ('authenticating', 'delivered', 'failed') and not (p.state = 'canceling' and p.mode <> 'charge')
where a.tenant_id = $1 and a.account_id = $2;
