-- The key of a spend is its identity; a table of its own, spread by hash.
create table spend (
    tenant_id uuid not null,
    account_id uuid not null,
    key text not null,
    spend_id uuid not null,
    body_hash bytea not null,
    credits bigint not null check (credits >= 1),
    model text,
    messages bigint,
    -- Not to be debited at once, but set aside for so many seconds (credit_hold); none: a plain spend.
    held_as text check (held_as in ('hold', 'lease')),
    hold_s int check (hold_s >= 1),
    state text not null check (state in ('waiting', 'done', 'held', 'refused', 'abandoned')),
    reason text,
    demand_id uuid,
    balance_after bigint,
    answer_by timestamptz,
    at timestamptz not null,
    primary key (tenant_id, account_id, key)
) partition by hash (tenant_id, account_id, key);
create table spend_0 partition of spend for values with (modulus 4, remainder 0);
create table spend_1 partition of spend for values with (modulus 4, remainder 1);
create table spend_2 partition of spend for values with (modulus 4, remainder 2);
create table spend_3 partition of spend for values with (modulus 4, remainder 3);
-- Always there; said so that only who looks for an id is offered this index. A plan that was made while the table was
-- empty could else look for a key among all the tenant's spends.
create index spend_by_id on spend (tenant_id, spend_id) where spend_id is not null;
create index spend_waiting on spend (tenant_id, answer_by) where state = 'waiting';

create table chatbot (
    tenant_id uuid not null,
    chatbot_id uuid not null,
    account_id uuid not null,
    external_id text not null,
    name text not null default '',
    -- A paused one has no seat: there are too few, and it comes back when there are more (R31).
    state text not null check (state in ('waiting', 'active', 'paused', 'refused', 'deleted')),
    -- Its owner chose it to keep a seat before others.
    keep boolean not null default false,
    reason text,
    demand_id uuid,
    created_at timestamptz not null,
    deleted_at timestamptz,
    primary key (tenant_id, chatbot_id)
);
create index chatbot_of_account on chatbot (tenant_id, account_id, chatbot_id);
create unique index chatbot_external on chatbot (tenant_id, account_id, external_id)
    where state in ('waiting', 'active', 'paused');

-- One purchase: by hand or by auto-billing, the same states and the same code.
create table purchase (
    tenant_id uuid not null,
    purchase_id uuid not null,
    buyer_id uuid not null,
    seller_id uuid not null,
    -- By whose decision: a person's, an auto-billing's, or because it was due.
    origin text not null check (origin in ('by_hand', 'auto_billing', 'renewal')),
    automatic boolean not null generated always as (origin = 'auto_billing') stored,
    -- Its owner is there to confirm it at the bank (R29).
    present boolean not null default false,
    -- An auto-billing that clients' renewals need: no sign of spending that runs away (R30).
    for_renewals boolean not null default false,
    mode text not null check (mode in ('charge', 'hold', 'receivable')),
    state text not null check (state in
        ('planned', 'created', 'authenticating', 'waiting', 'capturing', 'canceling', 'delivered', 'failed')),
    reason text,
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    credits bigint not null,
    chatbots bigint not null,
    -- Its demand on the seller's pool; none when the seller is the supply, or before a held card's turn.
    demand_id uuid,
    trigger_kind text not null,
    explanation jsonb not null,
    planned_at timestamptz not null,
    planned_real_at timestamptz not null,
    ended_at timestamptz,
    -- Who drives it: a lease in real time, with a token that a late holder no longer has.
    wake_real_at timestamptz,
    lease_until timestamptz not null default '-infinity',
    fence bigint not null default 0,
    tries int not null default 0,
    -- When its present step began, in real time: nothing of that step was asked of the gateway before (R22).
    step_real_at timestamptz not null,
    primary key (tenant_id, purchase_id)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
-- R19: at most one open auto-billing per account, whoever tries.
create unique index one_open_auto_billing on purchase (tenant_id, buyer_id)
    where automatic and state not in ('delivered', 'failed');
-- R34: at most one open renewal per account, so that nothing is granted twice.
create unique index one_open_renewal on purchase (tenant_id, buyer_id)
    where origin = 'renewal' and state not in ('delivered', 'failed');
create index renewal_open_of_seller on purchase (tenant_id, seller_id)
    where origin = 'renewal' and state not in ('delivered', 'failed');
create index purchase_open_of_buyer on purchase (tenant_id, buyer_id) where state not in ('delivered', 'failed');
create index purchase_of_buyer on purchase (tenant_id, buyer_id, planned_at);
create index purchase_due on purchase (tenant_id, wake_real_at) where wake_real_at is not null;

create table purchase_line (
    tenant_id uuid not null,
    purchase_id uuid not null,
    line int not null,
    kind text not null check (kind in ('subscription', 'additional_credits', 'extra_chatbots', 'receivable')),
    package_id uuid,
    package_version int,
    quantity bigint not null,
    credits bigint not null,
    chatbots bigint not null,
    amount_minor bigint not null,
    recurring_minor bigint not null default 0,
    -- Of the price, what the credits carry (R25), and when they end if they are a plan's (R36).
    credits_cost_minor bigint not null default 0,
    credits_end_at timestamptz,
    -- The ids under which the line will be handed over.
    transfer_id uuid not null,
    seats_transfer_id uuid not null,
    lot_id uuid not null,
    -- The subscription that it begins or carries on, and the month and period that run from then on, as they were
    -- when the line was priced (R34, R37).
    subscription_id uuid,
    runs_interval text check (runs_interval in ('month', 'quarter', 'year')),
    runs_anchor_at timestamptz,
    runs_months_done int,
    runs_starts_at timestamptz,
    runs_ends_at timestamptz,
    runs_due_at timestamptz,
    -- What it brings a month from then on, where that is not what the line brings now (R37).
    runs_credits bigint,
    -- A period begins with it, whose whole price it pays, less what was left of another (R37).
    runs_begins_period boolean,
    primary key (tenant_id, purchase_id, line)
);

-- Which demands an auto-billing was sized for, and what each of them cost (R13).
create table purchase_demand (
    tenant_id uuid not null,
    purchase_id uuid not null,
    demand_id uuid not null,
    child_id uuid,
    short_credits bigint not null,
    short_chatbots bigint not null,
    allocated_minor bigint not null,
    primary key (tenant_id, purchase_id, demand_id)
);
create index purchase_demand_of_child on purchase_demand (tenant_id, child_id) where child_id is not null;
create index purchase_demand_of_demand on purchase_demand (tenant_id, demand_id);

create table charge (
    tenant_id uuid not null,
    charge_id uuid not null,
    purchase_id uuid not null,
    account_id uuid not null,
    gateway text not null,
    gateway_account text not null,
    gateway_customer text not null,
    gateway_method text not null,
    fingerprint text not null,
    card text not null,
    payment_id text,
    amount_minor bigint not null check (amount_minor >= 1),
    currency text not null,
    capture text not null check (capture in ('automatic', 'manual')),
    state text not null check (state in ('open', 'held', 'captured', 'canceled', 'refunded')),
    -- When it was first put to the card, and when that was known to be in vain (R29).
    attempted_at timestamptz,
    declined_at timestamptz,
    decline_code text,
    decline_hard boolean,
    capture_before timestamptz,
    created_at timestamptz not null,
    captured_at timestamptz,
    -- When a refund was first asked for of what cannot be delivered (R17, R22).
    refund_asked_real_at timestamptz,
    primary key (tenant_id, charge_id)
);
create unique index charge_payment on charge (tenant_id, gateway, payment_id) where payment_id is not null;
create unique index one_open_charge on charge (tenant_id, purchase_id) where state not in ('canceled', 'refunded');
create index charge_of_purchase on charge (tenant_id, purchase_id);
-- The attempts at a card in vain, and those without an answer.
create index charge_declined on charge (tenant_id, gateway_account, fingerprint, declined_at) where declined_at is not null;
create index charge_under_way on charge (tenant_id, gateway_account, fingerprint) where state = 'open';
create index charge_of_account on charge (tenant_id, account_id, charge_id);

-- From a gateway's id to the tenant and charge that it belongs to.
create table payment_route (
    gateway text not null,
    payment_id text not null,
    tenant_id uuid not null,
    purchase_id uuid not null,
    primary key (gateway, payment_id)
);

-- Amounts below the gateway's minimum, collected with the next charge (R26).
create table receivable (
    tenant_id uuid not null,
    receivable_id uuid not null,
    account_id uuid not null,
    -- To whom it is owed: no other seller collects it.
    seller_id uuid not null,
    purchase_id uuid not null,
    amount_minor bigint not null check (amount_minor >= 1),
    currency text not null,
    collected_by uuid,
    at timestamptz not null,
    primary key (tenant_id, receivable_id)
);
create index receivable_open on receivable (tenant_id, account_id) where collected_by is null;
create index receivable_collected on receivable (tenant_id, collected_by) where collected_by is not null;

-- What recurs: a plan, or chatbots beside it. Months are counted from the anchor (R34).
create table subscription (
    tenant_id uuid not null,
    subscription_id uuid not null,
    account_id uuid not null,
    seller_id uuid not null,
    package_id uuid not null,
    package_version int not null,
    -- The purchase that began it, or carried it on last.
    purchase_id uuid not null,
    credits bigint not null default 0,
    chatbots bigint not null default 0,
    recurring_minor bigint not null,
    currency text not null,
    billing_interval text not null check (billing_interval in ('month', 'quarter', 'year')),
    anchor_at timestamptz not null,
    -- None when it is to begin anew by another interval, at its anchor.
    months_done int not null check (months_done >= 0),
    period_starts_at timestamptz not null,
    period_ends_at timestamptz not null,
    -- When its next month or period is due, and when it is to be looked at again; none: when somebody acts.
    due_at timestamptz not null,
    wake_at timestamptz,
    kind text not null check (kind in ('subscription', 'extra_chatbots')),
    automatic boolean not null default false,
    -- What is to become of it at period end (R31): it ends, it goes on as another plan, so many of its chatbots are
    -- released if nobody needs them. And when that was chosen, for an upgrade under way to tell what came after it.
    ends_at_period_end boolean not null default false,
    next_package_id uuid,
    next_package_version int,
    release_chatbots bigint not null default 0 check (release_chatbots >= 0),
    chosen_real_at timestamptz not null default '-infinity',
    -- What its present plan has more than it holds: its next renewal brings them.
    chatbots_to_come bigint not null default 0 check (chatbots_to_come >= 0),
    state text not null default 'active' check (state in ('active', 'past_due', 'suspended', 'ended')),
    past_due_since timestamptz,
    -- Why its renewal was not done, and how often its seller could not be secured since when.
    reason text,
    seller_failed_at timestamptz,
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, subscription_id)
);
create unique index one_subscription on subscription (tenant_id, account_id) where kind = 'subscription' and state <> 'ended';
create index subscription_of_account on subscription (tenant_id, account_id, subscription_id);
create index subscription_to_look_at on subscription (wake_at, tenant_id, seller_id) where state <> 'ended';
create index subscription_past_due on subscription (past_due_since) where state = 'past_due';

-- What each idempotency key made, to be found again by it (R39).
create table command (
    tenant_id uuid not null,
    account_id uuid not null,
    key text not null,
    verb text not null,
    body_hash bytea not null,
    object_id uuid not null,
    at timestamptz not null,
    primary key (tenant_id, account_id, key)
);

create table notice (
    tenant_id uuid not null,
    notice_id uuid not null,
    account_id uuid not null,
    kind text not null,
    subject_id uuid not null,
    episode text not null,
    title text not null,
    body text not null,
    facts jsonb not null,
    brand_id uuid not null,
    recipient text not null,
    created_at timestamptz not null,
    read_at timestamptz,
    primary key (tenant_id, notice_id),
    -- Once per recipient, kind, subject and episode (R42).
    unique (tenant_id, account_id, recipient, kind, subject_id, episode)
);
create index notice_of_account on notice (tenant_id, account_id, notice_id);

create table mail (
    tenant_id uuid not null,
    notice_id uuid not null,
    state text not null default 'due' check (state in ('due', 'sent', 'dead')),
    due_real_at timestamptz not null,
    tries int not null default 0,
    last_error text,
    primary key (tenant_id, notice_id)
);
create index mail_due on mail (due_real_at) where state = 'due';
