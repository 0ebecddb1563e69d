-- Purchases, their lines, the demands that they are sized for and their charges together: each statement of its own would be a turn of the loop and a change of
-- process more while somebody waits.
with purchases as (
    insert into purchase (tenant_id, purchase_id, buyer_id, seller_id, origin, mode, state, amount_minor, currency, credits,
        chatbots, demand_id, trigger_kind, explanation, present, for_renewals, planned_at, planned_real_at, wake_real_at,
        step_real_at)
    select t.*, $1, $2, $2, $2
    from unnest(
        $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::bigint[],
        $11::text[], $12::bigint[], $13::bigint[], $14::uuid[], $15::text[], $16::jsonb[], $17::boolean[],
        $18::boolean[]) t
), lines as (
    insert into purchase_line (tenant_id, purchase_id, line, kind, package_id, package_version, quantity, credits, chatbots,
        amount_minor, recurring_minor, credits_cost_minor, credits_end_at, transfer_id, seats_transfer_id, lot_id,
        subscription_id, runs_interval, runs_anchor_at, runs_months_done, runs_starts_at, runs_ends_at, runs_due_at,
        runs_credits, runs_begins_period)
    select * from unnest(
        $19::uuid[], $20::uuid[], $21::int[], $22::text[], $23::uuid[], $24::int[], $25::bigint[],
        $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[], $31::timestamptz[],
        $32::uuid[], $33::uuid[], $34::uuid[], $35::uuid[], $36::text[], $37::timestamptz[], $38::int[],
        $39::timestamptz[], $40::timestamptz[], $41::timestamptz[], $42::bigint[], $43::boolean[]) t
), served as (
    insert into purchase_demand (tenant_id, purchase_id, demand_id, child_id, short_credits, short_chatbots, allocated_minor)
    select * from unnest(
        $57::uuid[], $58::uuid[], $59::uuid[], $60::uuid[], $61::bigint[], $62::bigint[], $63::bigint[]) t
)
insert into charge (tenant_id, charge_id, purchase_id, account_id, gateway, gateway_account, gateway_customer, gateway_method,
    fingerprint, card, amount_minor, currency, capture, created_at, state)
select t.*, $1, 'open'
from unnest(
        $44::uuid[], $45::uuid[], $46::uuid[], $47::uuid[], $48::text[], $49::text[], $50::text[], $51::text[],
        $52::text[], $53::text[], $54::bigint[], $55::text[], $56::text[]) t;
