-- The card that an account is charged on at a seller's gateway account, if it has one: the primary, but while that may
-- not be tried the backup, if that may (R29). A person who pays ($5) always pays with the primary.
create function card_to_charge_v1(tenant uuid, account uuid, merchant text, business_at timestamptz, by_hand boolean)
returns table (
    method_id uuid, gateway text, gateway_account text, gateway_customer text, gateway_method text, fingerprint text,
    brand text, last4 text, off_session boolean, role text, paused_reason text, retry_at timestamptz
)
language sql stable as $$
    select m.method_id, m.gateway, m.gateway_account, m.gateway_customer, m.gateway_method, m.fingerprint, m.brand,
           m.last4, m.off_session, m.role, b.paused_reason, b.retry_at
    from payment_method m
    left join breaker b on b.tenant_id = m.tenant_id and b.gateway_account = m.gateway_account
                       and b.fingerprint = m.fingerprint
    where m.tenant_id = tenant and m.account_id = account and m.removed_at is null and m.off_session
      and m.gateway_account = merchant
    order by not by_hand and b.paused_reason is null and coalesce(b.retry_at <= business_at, true) desc,
             m.role = 'backup', m.method_id desc
    limit 1
$$;
