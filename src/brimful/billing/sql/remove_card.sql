-- The card of this id, or whichever is in use in a role; it is removed at the gateway as well, from now on.
update payment_method set removed_at = $3, detach_real_at = $4
where tenant_id = $1 and account_id = $2 and removed_at is null and method_id = coalesce($5, method_id)
  and role = coalesce($6, role)
returning method_id, gateway_method, role;
