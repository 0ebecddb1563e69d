insert into consent (tenant_id, consent_id, account_id, what, enabled, figures, given_by, terms, monthly_limit, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9);
