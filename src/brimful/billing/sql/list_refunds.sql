select refund_id, purchase_id, charge_id, line, amount_minor, currency, origin, state, code, requested_at, ended_at from refund
where tenant_id = $1 and account_id = $2 and refund_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by refund_id desc
limit $4;
