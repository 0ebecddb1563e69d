-- What an account or one of its ancestors has that is due by p_at, or renews already: a row for each (R35). What is due at one
-- that has a renewal under way begins after that, so that is what is waited for, if it is to be; at one that is to move by now
-- it begins elsewhere.
create function renewing_above_v1(p_tenant uuid, p_account uuid, p_at timestamptz)
returns table (account_id uuid) language sql stable as $$
    select s.account_id from account a
    join subscription s on s.tenant_id = a.tenant_id and s.account_id = any (a.ancestors) and s.state <> 'ended' and s.wake_at <= p_at
                       and not exists (select 1 from open_renewal r where r.tenant_id = s.tenant_id and r.buyer_id = s.account_id)
                       and not exists (select 1 from account b
                                       where b.tenant_id = s.tenant_id and b.account_id = s.account_id and b.moves_at <= p_at)
    where a.tenant_id = p_tenant and a.account_id = p_account
    union all
    select r.buyer_id from account a
    join open_renewal r on r.tenant_id = a.tenant_id and r.buyer_id = any (a.ancestors) and r.state <> 'authenticating'
                       -- A hold that is given back brings nothing any more, however long the gateway takes; nor is
                       -- anything waited for that cannot even be cancelled, where its seller's account is closed to us.
                       and not (r.state = 'canceling' and (r.mode <> 'charge' or exists (
                           select 1 from gateway_disconnection x where x.tenant_id = r.tenant_id and x.account_id = r.seller_id)))
    where a.tenant_id = p_tenant and a.account_id = p_account
$$;
