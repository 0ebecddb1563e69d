-- Whether an account or one of its ancestors has something due that could begin: nothing of it, or above its seller, is
-- under way or comes first, and it does not move by now (as in `renew_due` and `lock_due_buyers`).
select exists (
    select from account a
    cross join lateral unnest(a.ancestors) as above (account_id)
    join account b on b.tenant_id = a.tenant_id and b.account_id = above.account_id and (b.moves_at is null or b.moves_at > $3)
    cross join lateral (
        select s.subscription_id, s.seller_id from subscription s
        where s.tenant_id = b.tenant_id and s.account_id = b.account_id and s.state <> 'ended' and s.wake_at <= $3
        offset 0) s
    where a.tenant_id = $1 and a.account_id = $2
      and not exists (
          select 1 from open_renewal r where r.tenant_id = b.tenant_id and r.buyer_id = b.account_id)
      and not exists (
          select 1 from subscription_in_purchase u
          where u.tenant_id = b.tenant_id and u.buyer_id = b.account_id and u.subscription_id = s.subscription_id)
      and not exists (select from renewing_above_v1(b.tenant_id, s.seller_id, $3))
);
