select dispute_id, purchase_id, charge_id, amount_minor, currency, state, opened_at, ended_at from dispute
where tenant_id = $1 and account_id = $2 and dispute_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by dispute_id desc
limit $4;
