-- The card was replaced, or may be tried again: what is past due on it is due now, or when the renewal of something else of
-- its account that is under way has ended.
update subscription set wake_at = $3
where tenant_id = $1 and account_id = any ($2::uuid[]) and state in ('past_due', 'suspended') and (wake_at is null or wake_at > $3)
  and not exists (
      select 1 from subscription_in_purchase u
      where u.tenant_id = subscription.tenant_id and u.buyer_id = subscription.account_id
        and u.subscription_id = subscription.subscription_id)
returning seller_id;
