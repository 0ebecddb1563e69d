insert into rate (seller_ref, model, credits, changed_at) values ($1, $2, $3, $4)
on conflict (seller_ref, model) do update set
    credits = excluded.credits, version = rate.version + 1, changed_at = excluded.changed_at;
