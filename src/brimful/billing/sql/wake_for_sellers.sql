-- The sellers may be secured now: the renewals that they could not furnish are due now.
update subscription set wake_at = $3
where tenant_id = $1 and seller_id = any ($2::uuid[]) and state <> 'ended' and seller_failed_at is not null and wake_at > $3
returning seller_id;
