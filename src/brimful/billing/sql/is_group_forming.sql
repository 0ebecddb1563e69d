-- Renewals whose cards are being held, or whose stock comes back because they declined, or due and not begun; those of a
-- buyer with a renewal under way come after it, and those of one that is to move by now elsewhere (R46).
select exists (
    select 1 from open_renewal p
    where p.tenant_id = $1 and p.seller_id = $2
      and (p.state in ('planned', 'created')
           or p.state = 'canceling' and exists (
               select 1 from demand d
               where d.tenant_id = p.tenant_id and d.demand_id = p.demand_id and d.state = 'met'))
) or exists (
    select 1 from subscription s
    where s.tenant_id = $1 and s.seller_id = $2 and s.state <> 'ended' and s.wake_at <= $3
      and not exists (
          select 1 from account a where a.tenant_id = s.tenant_id and a.account_id = s.account_id and a.moves_at <= $3)
      and not exists (
          select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
      and not exists (
          select 1 from subscription_in_purchase u
          where u.tenant_id = s.tenant_id and u.buyer_id = s.account_id and u.subscription_id = s.subscription_id)
);
