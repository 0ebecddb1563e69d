select c.tenant_id, c.purchase_id, c.charge_id, c.payment_id, c.amount_minor, c.currency, c.state, c.created_at,
       case when c.state = 'refunded' then c.amount_minor
            else coalesce((select sum(r.amount_minor) from refund r
                           where r.tenant_id = c.tenant_id and r.charge_id = c.charge_id
                             and r.state in ('pending', 'succeeded')), 0)
       end::bigint as refunded_minor,
       p.state in ('delivered', 'failed') as ended,
       array(select d.state from dispute d
             where d.tenant_id = c.tenant_id and d.charge_id = c.charge_id order by d.state) as disputes
from charge c
join purchase p on p.tenant_id = c.tenant_id and p.purchase_id = c.purchase_id
where c.gateway = $1 and c.gateway_account = $2
  and (c.created_at >= $3 and c.created_at < $4 or p.state not in ('delivered', 'failed'))
order by c.charge_id;
