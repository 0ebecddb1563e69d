-- The card was replaced, or may be tried again: what is past due on it is due now.
update subscription set wake_at = $3
where tenant_id = $1 and account_id = $2 and state in ('past_due', 'suspended') and (wake_at is null or wake_at > $3)
returning seller_id;
