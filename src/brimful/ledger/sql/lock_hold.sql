select hold_id, account_id, leased, told, credits, held, captured, state, placed_real_at, ends_real_at, beside
from lock_hold_v1($1, $2, $3, $4);
