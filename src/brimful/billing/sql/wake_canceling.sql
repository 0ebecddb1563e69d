-- What is left to be cancelled at a seller's gateway account is tried now.
update purchase set wake_real_at = $3
where tenant_id = $1 and seller_id = $2 and state = 'canceling' and wake_real_at > $3
returning purchase_id;
