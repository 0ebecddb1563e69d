-- What became of months of entries that ended long ago: what the books still need of them stays in sums, the entries
-- themselves are a part of archive.entry, until they are written to a file.
create schema archive;
create table archive.entry (like entry including all) partition by range (at);

create table archived_month (
    starts_at timestamptz primary key,
    ends_at timestamptz not null,
    entries bigint not null check (entries >= 0),
    archived_at timestamptz not null,
    -- detached: no entries any more, and not yet a part of archive.entry; written: in a file alone.
    state text not null check (state in ('detached', 'kept', 'written')),
    file text,
    sha256 text,
    check ((state = 'written') = (file is not null) and (state = 'written') = (sha256 is not null))
);

-- Entries of an archived month with numbers that follow each other: what they did to what is free, and what was free
-- after the last. An account has one run a month, or several where clocks differed at its ends.
create table archived_run (
    tenant_id uuid not null,
    account_id uuid not null,
    resource text not null,
    month timestamptz not null references archived_month,
    first_seq bigint not null,
    last_seq bigint not null,
    freed bigint not null,
    free_after bigint not null,
    primary key (tenant_id, account_id, resource, last_seq),
    check (last_seq >= first_seq)
);
create index archived_run_of_month on archived_run (month);

-- What they moved into each place, less what they moved out of it.
create table archived_sum (
    tenant_id uuid not null,
    account_id uuid not null,
    resource text not null,
    month timestamptz not null references archived_month,
    place text not null,
    amount bigint not null,
    primary key (tenant_id, account_id, resource, month, place)
);

-- What an account spent under keys that are forgotten (R39).
create table forgotten_spend (
    tenant_id uuid not null,
    account_id uuid not null,
    credits bigint not null check (credits >= 1),
    primary key (tenant_id, account_id)
);
