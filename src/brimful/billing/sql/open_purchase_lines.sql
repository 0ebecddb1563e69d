insert into purchase_line (tenant_id, purchase_id, line, kind, package_id, package_version, quantity, credits,
                           chatbots, amount_minor, recurring_minor, credits_cost_minor, credits_end_at, transfer_id,
                           seats_transfer_id, lot_id, subscription_id, runs_interval, runs_anchor_at, runs_months_done,
                           runs_starts_at, runs_ends_at, runs_due_at, runs_credits, runs_begins_period)
select * from unnest(
    $1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::uuid[], $6::int[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::timestamptz[], $14::uuid[],
    $15::uuid[], $16::uuid[], $17::uuid[], $18::text[], $19::timestamptz[], $20::int[],
    $21::timestamptz[], $22::timestamptz[], $23::timestamptz[], $24::bigint[],
    $25::boolean[]);
