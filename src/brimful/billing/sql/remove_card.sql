-- The card of this id, or whichever is in use; it is removed at the gateway as well, from now on.
update payment_method set removed_at = $3, detach_real_at = $4
where tenant_id = $1 and account_id = $2 and removed_at is null and ($5::uuid is null or method_id = $5)
returning method_id;
