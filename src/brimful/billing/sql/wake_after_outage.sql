-- A gateway account answers again: what could not be renewed meanwhile, for whatever reason of its seller's, is due now.
update subscription set wake_at = $2
where tenant_id = $1 and state <> 'ended' and seller_failed_at is not null and wake_at > $2
returning seller_id;
