insert into auto_billing_setting (tenant_id, account_id, enabled, per_charge_minor, per_hour_count, per_day_minor,
                                  per_month_minor, strategy, allowed_packages, buys_chatbots, release_chatbots, changed_at,
                                  brake_charges, brake_factor)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (tenant_id, account_id) do update set
    enabled = excluded.enabled, per_charge_minor = excluded.per_charge_minor, per_hour_count = excluded.per_hour_count,
    per_day_minor = excluded.per_day_minor, per_month_minor = excluded.per_month_minor, strategy = excluded.strategy,
    allowed_packages = excluded.allowed_packages,
    inactive_at = case when auto_billing_setting.enabled then auto_billing_setting.inactive_at end, buys_chatbots = excluded.buys_chatbots,
    release_chatbots = excluded.release_chatbots, brake_charges = excluded.brake_charges, brake_factor = excluded.brake_factor, changed_at = excluded.changed_at;
