select a.account_id, s.inactive_at from account a
join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
where a.tenant_id = $1 and $2 = any (a.ancestors) and a.account_id <> $2 and s.enabled
order by a.account_id;
