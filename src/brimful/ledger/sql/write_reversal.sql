insert into reversal (tenant_id, purchase_id, line, debt_id, account_id, seller_id, lot_id, taken, frozen, missing, unfrozen,
                      owed, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (tenant_id, purchase_id, line) do update set
    taken = excluded.taken, frozen = excluded.frozen, missing = excluded.missing, unfrozen = excluded.unfrozen,
    owed = excluded.owed, cleared = least(reversal.cleared, excluded.missing), changed_at = excluded.changed_at;
