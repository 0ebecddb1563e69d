-- Something speaks for it that sellers' accounts are open again: the gateway is asked now.
update gateway_disconnection set ask_real_at = least(ask_real_at, $3)
where tenant_id = $1 and account_id = any ($2::uuid[])
returning account_id;
