-- Carries what the books need of the entries of a month (UTC) into sums; how many there are. Null when it was archived
-- before. Nobody writes entries of it meanwhile; whoever reads goes on. Whoever holds it for longer than half a
-- second is left alone: this raises.
create function carry_month_v1(p_starts timestamptz, p_ends timestamptz, p_at timestamptz) returns bigint language plpgsql as $$
declare
    v_name text := 'entry_' || to_char(p_starts at time zone 'UTC', 'YYYY_MM');
    v_entries bigint;
begin
    perform set_config('lock_timeout', '500ms', true);
    insert into archived_month (starts_at, ends_at, entries, archived_at, state) values (p_starts, p_ends, 0, p_at, 'detached')
    on conflict (starts_at) do nothing;
    if not found then
        return null;
    end if;
    if to_regclass(v_name) is not null then
        execute format('lock table %I in share row exclusive mode', v_name);
    end if;
    insert into archived_run (tenant_id, account_id, resource, month, first_seq, last_seq, freed, free_after)
    select e.tenant_id, e.account_id, e.resource, p_starts, min(e.seq), max(e.seq), sum(e.freed), sum(e.free_after) filter (where e.is_last)
    from (
        select tenant_id, account_id, resource, seq, free_after,
            case 'free' when target then amount when source then -amount else 0 end as freed,
            seq - row_number() over w as run, lead(seq) over w is distinct from seq + 1 as is_last
        from entry
        where at >= p_starts and at < p_ends
        window w as (partition by tenant_id, account_id, resource order by seq)
    ) e
    group by e.tenant_id, e.account_id, e.resource, e.run;
    insert into archived_sum (tenant_id, account_id, resource, month, place, amount)
    select e.tenant_id, e.account_id, e.resource, p_starts, v.place, sum(v.amount)
    from entry e cross join lateral (values (e.target, e.amount), (e.source, -e.amount)) v (place, amount)
    where e.at >= p_starts and e.at < p_ends
    group by e.tenant_id, e.account_id, e.resource, v.place;
    -- No forecast looks back so far, and no entry proves them any more.
    delete from usage_sum s using archived_run r
    where r.month = p_starts and s.tenant_id = r.tenant_id and s.account_id = r.account_id and s.starts_at < p_ends;
    update archived_month
    set entries = (select coalesce(sum(last_seq - first_seq + 1), 0) from archived_run where month = p_starts)
    where starts_at = p_starts
    returning entries into v_entries;
    return v_entries;
end $$;

-- Takes a month that was carried in this transaction out of the entries: its partition or, where there is none, its rows
-- out of the default partition. What stands beside a default partition cannot be detached concurrently; this takes an
-- instant, and whoever has the entries for longer than half a second is left alone: this raises.
create function detach_month_v1(p_starts timestamptz, p_ends timestamptz) returns void language plpgsql as $$
declare
    v_name text := 'entry_' || to_char(p_starts at time zone 'UTC', 'YYYY_MM');
    v_moved bigint;
begin
    perform set_config('lock_timeout', '500ms', true);
    if to_regclass(v_name) is not null then
        execute format('alter table entry detach partition %I', v_name);
        execute format('alter table %I set schema archive', v_name);
        return;
    end if;
    execute format('create table archive.%I (like entry including all)', v_name);
    execute format('with gone as (delete from entry_default where at >= %L and at < %L returning *) '
        'insert into archive.%I select * from gone', p_starts, p_ends, v_name);
    get diagnostics v_moved = row_count;
    if v_moved <> (select entries from archived_month where starts_at = p_starts) then
        raise exception 'of the month from % on % entries were carried, and % moved', p_starts,
            (select entries from archived_month where starts_at = p_starts), v_moved;
    end if;
end $$;

-- Makes a month that was taken out of the entries a part of the archive.
create function keep_month_v1(p_starts timestamptz) returns void language plpgsql as $$
declare
    v_ends timestamptz;
begin
    update archived_month set state = 'kept' where starts_at = p_starts and state = 'detached' returning ends_at into v_ends;
    if found then
        execute format('alter table archive.entry attach partition archive.%I for values from (%L) to (%L)',
            'entry_' || to_char(p_starts at time zone 'UTC', 'YYYY_MM'), p_starts, v_ends);
    end if;
end $$;

-- Drops a month of the archive that is in a file.
create function drop_month_v1(p_starts timestamptz, p_file text, p_sha256 text) returns void language plpgsql as $$
begin
    update archived_month set state = 'written', file = p_file, sha256 = p_sha256 where starts_at = p_starts and state = 'kept';
    if found then
        execute format('drop table archive.%I', 'entry_' || to_char(p_starts at time zone 'UTC', 'YYYY_MM'));
    end if;
end $$;
