-- The next look, and after a purchase that could not be begun no other before it.
update buy_ahead set look_at = $3, retry_at = case when $4 then $3 else retry_at end
where tenant_id = $1 and account_id = $2;
