-- Since when the credits that are away are so, in the mean of them: those that go now go from now. It has moved on if some
-- came back (prolong_v1).
insert into reversal (tenant_id, purchase_id, line, debt_id, account_id, seller_id, lot_id, taken, frozen, missing, unfrozen,
                      owed, changed_at, away_since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        case when $8::bigint + $9::bigint > 0 then $13::timestamptz end)
on conflict (tenant_id, purchase_id, line) do update set
    taken = excluded.taken, frozen = excluded.frozen, missing = excluded.missing, unfrozen = excluded.unfrozen,
    owed = excluded.owed,
    away_since = case when excluded.away_since is not null then
        (coalesce(reversal.away_since, excluded.away_since) at time zone 'UTC'
        + (excluded.away_since - coalesce(reversal.away_since, excluded.away_since))
        * (greatest(excluded.taken + excluded.frozen - reversal.taken - reversal.frozen, 0)::numeric
           / (excluded.taken + excluded.frozen))) at time zone 'UTC' end,
    cleared = least(reversal.cleared, excluded.missing), changed_at = excluded.changed_at;
