-- Carries what an account used since the last time into its sums. Entries are numbered under the lock of their balance,
-- so all up to the last one seen are there to be seen: the sums are exact (R33). Nothing older than 29 days is kept. What is
-- reported of a lease was used by queries of any size since the last report: it is no burst of this minute, and no query.
create function carry_usage_v1(p_tenant uuid, p_account uuid, p_at timestamptz) returns void language plpgsql as $$
declare
    v_seq bigint;
    v_last bigint;
begin
    insert into usage_mark (tenant_id, account_id, seq, carried_at) values (p_tenant, p_account, 0, p_at)
    on conflict (tenant_id, account_id) do nothing;
    select seq into strict v_seq from usage_mark where tenant_id = p_tenant and account_id = p_account for update;
    -- Those of archived months are older than what is kept.
    select greatest(
        (select max(seq) from entry
         where tenant_id = p_tenant and account_id = p_account and resource = 'credits' and seq > v_seq),
        (select max(last_seq) from archived_run
         where tenant_id = p_tenant and account_id = p_account and resource = 'credits' and last_seq > v_seq)
    ) into v_last;
    if v_last is null then
        return;
    end if;
    insert into usage_sum (tenant_id, account_id, grain, starts_at, credits, largest)
    select p_tenant, p_account, g.grain, date_trunc(g.grain, e.at, 'UTC'), sum(e.amount),
        max(case e.kind when 'report' then 1 else e.amount end)
    from entry e
    cross join (values ('hour', interval '29 days'), ('minute', interval '1 hour')) g (grain, kept)
    where e.tenant_id = p_tenant and e.account_id = p_account and e.resource = 'credits'
      and e.seq > v_seq and e.seq <= v_last and e.target = 'used' and e.at > p_at - g.kept
      and (e.kind in ('spend', 'capture') or e.kind = 'report' and g.grain = 'hour')
    group by 3, 4
    on conflict (tenant_id, account_id, grain, starts_at) do update set
        credits = usage_sum.credits + excluded.credits, largest = greatest(usage_sum.largest, excluded.largest);
    delete from usage_sum
    where tenant_id = p_tenant and account_id = p_account
      and starts_at < p_at - case grain when 'hour' then interval '29 days' else interval '1 hour' end;
    update usage_mark set seq = v_last, carried_at = greatest(carried_at, p_at)
    where tenant_id = p_tenant and account_id = p_account;
end $$;
