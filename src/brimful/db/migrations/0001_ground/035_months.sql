-- Opens the partition for the entries of the month (UTC) that an instant is in; false when it is there, or when the default
-- partition has entries of that month: those stay where they are, and with them the month, for a reader that is under way
-- would see moved ones nowhere. Whoever has the default partition for longer than half a second is left alone: this raises.
create function open_entry_month_v1(p_at timestamptz) returns boolean language plpgsql as $$
declare
    v_starts timestamptz := date_trunc('month', p_at, 'UTC');
    v_ends timestamptz := date_trunc('month', date_trunc('month', p_at, 'UTC') + interval '32 days', 'UTC');
    v_name text := 'entry_' || to_char(date_trunc('month', p_at, 'UTC') at time zone 'UTC', 'YYYY_MM');
begin
    if to_regclass(v_name) is not null or exists (select 1 from entry_default where at >= v_starts and at < v_ends) then
        return false;
    end if;
    perform set_config('lock_timeout', '500ms', true);
    lock table entry_default in access exclusive mode;
    if to_regclass(v_name) is not null or exists (select 1 from entry_default where at >= v_starts and at < v_ends) then
        return false;
    end if;
    execute format('create table %I (like entry including all)', v_name);
    execute format('alter table entry attach partition %I for values from (%L) to (%L)', v_name, v_starts, v_ends);
    return true;
end $$;
