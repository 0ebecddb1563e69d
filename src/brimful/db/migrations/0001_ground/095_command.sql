-- Binds a key to what its command made. Whoever spends holds the account's balance while it looks for a command with its
-- key, so one of two that come at the same instant sees the other: a key is unique over both (R39). A command that finds a
-- spend is undone and runs again, and is then told so.
create function remember_command_v1(
    p_tenant uuid, p_account uuid, p_key text, p_verb text, p_hash bytea, p_object uuid, p_at timestamptz
) returns void language plpgsql as $$
begin
    perform 1 from balance where tenant_id = p_tenant and account_id = p_account and resource = 'credits' for update;
    if exists (select 1 from spend where tenant_id = p_tenant and account_id = p_account and key = p_key) then
        raise exception 'account % has a spend with the key of this command', p_account using errcode = 'serialization_failure';
    end if;
    insert into command (tenant_id, account_id, key, verb, body_hash, object_id, at)
    values (p_tenant, p_account, p_key, p_verb, p_hash, p_object, p_at);
end $$;
