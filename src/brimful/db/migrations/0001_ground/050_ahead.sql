-- Credits bought before they are missing (R33): what the owner of a selling account agreed to, each with its own
-- consent, and when the account is looked at next.
create table buy_ahead (
    tenant_id uuid not null,
    account_id uuid not null,
    threshold_credits bigint check (threshold_credits >= 1),
    target_credits bigint,
    forecast boolean not null default false,
    renewals boolean not null default false,
    -- When the forecast is made next; and, after a purchase that could not be begun, from when on another may be.
    look_at timestamptz not null,
    retry_at timestamptz not null default '-infinity',
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account,
    check ((threshold_credits is null) = (target_credits is null)),
    check (target_credits >= threshold_credits),
    check (forecast or not renewals)
);
create index buy_ahead_on on buy_ahead (look_at) where forecast or threshold_credits is not null;

-- What an account's own queries used, by hour for four weeks and by minute for the last hour: sums of its entries up
-- to the one marked, kept so that a forecast reads hundreds of rows and not a month of entries.
create table usage_mark (
    tenant_id uuid not null,
    account_id uuid not null,
    seq bigint not null,
    carried_at timestamptz not null,
    primary key (tenant_id, account_id)
);
create index usage_mark_recent on usage_mark (carried_at);

create table usage_sum (
    tenant_id uuid not null,
    account_id uuid not null,
    grain text not null check (grain in ('hour', 'minute')),
    starts_at timestamptz not null,
    credits bigint not null check (credits >= 1),
    largest bigint not null check (largest >= 1),
    primary key (tenant_id, account_id, grain, starts_at)
);

-- How far beyond its pool a seller lets a buyer spend, so that a conversation may finish (R33); and, after a purchase to
-- repay it that could not be begun, from when on another may be. Zero for no longer.
create table overdraft (
    tenant_id uuid not null,
    account_id uuid not null,
    limit_credits bigint not null check (limit_credits >= 0),
    retry_at timestamptz not null default '-infinity',
    changed_at timestamptz not null,
    primary key (tenant_id, account_id),
    foreign key (tenant_id, account_id) references account
);

-- What a seller's buyers will be due, by when.
create index subscription_of_seller on subscription (tenant_id, seller_id, wake_at) where state <> 'ended';

-- The monthly credits of subscriptions, from due_at on and before until_at: one that ends, or whose account moves to
-- another seller (R46), brings no more from its period's end on, and one that goes on as another plan brings that one's
-- (R31). A suspended plan brings nothing before it is paid for. What is due of one first is renewed at
-- next_at, later than it is due where it is tried again; one that is being renewed buys for itself what it lacks, and one that
-- waits for somebody may never need any: neither is counted.
create view credits_to_come as
select s.tenant_id, s.seller_id, s.account_id, s.wake_at as next_at, n.due_at, n.anchor_at,
       least(n.until_at, a.moves_at) as until_at, n.credits
from subscription s
join account a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
left join package_version v on v.package_id = s.next_package_id and v.version = s.next_package_version
cross join lateral (
    select s.due_at, s.anchor_at, s.credits,
           case when s.ends_at_period_end or v.package_id is not null then s.period_ends_at end as until_at
    union all
    select s.period_ends_at, case when v.billing_interval = s.billing_interval then s.anchor_at else s.period_ends_at end,
           v.credits, null
    where v.package_id is not null
) n
where s.state in ('active', 'past_due') and n.credits > 0
  and n.due_at < coalesce(least(n.until_at, a.moves_at), 'infinity');

-- Scans that one process makes for all, and when each is due again.
create table turn (
    name text primary key,
    due_at timestamptz not null
);
