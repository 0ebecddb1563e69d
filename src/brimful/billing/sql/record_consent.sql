insert into consent (tenant_id, consent_id, account_id, enabled, given_by, terms, monthly_limit, at)
values ($1, $2, $3, $4, $5, $6, $7, $8);
