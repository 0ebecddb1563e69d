-- What a seller offers at present. With the lock no package of it is withdrawn or changed before the transaction ends, and
-- what is read, in a statement of its own after the lock, is not older than that.
create function read_offer_v1(p_seller_ref uuid, p_lock boolean) returns table (
    package_id uuid, kind text, version int, name text, currency text, price_minor bigint, credits bigint, chatbots bigint,
    billing_interval text, expires_after_days int, full_price_first boolean, credits_price_minor bigint,
    chatbots_price_minor bigint, rolls_over boolean, catalogue_version bigint
) language plpgsql as $$
begin
    if p_lock then
        perform 1 from catalogue c where c.seller_ref = p_seller_ref for share;
    end if;
    return query
        select k.package_id, k.kind, k.version, v.name, v.currency, v.price_minor, v.credits, v.chatbots,
            v.billing_interval, v.expires_after_days, v.full_price_first, v.credits_price_minor, v.chatbots_price_minor,
            v.rolls_over, (select c.version from catalogue c where c.seller_ref = p_seller_ref)
        from package k
        join package_version v on v.package_id = k.package_id and v.version = k.version
        where k.seller_ref = p_seller_ref and k.withdrawn_at is null
        order by k.position, k.package_id;
end $$;
