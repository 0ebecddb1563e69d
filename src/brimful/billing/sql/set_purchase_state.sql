update purchase set state = $3, reason = coalesce($4, reason), demand_id = coalesce($5, demand_id),
    wake_real_at = $6, tries = 0, ended_at = $7, explanation = coalesce($8, explanation)
where tenant_id = $1 and purchase_id = $2;
