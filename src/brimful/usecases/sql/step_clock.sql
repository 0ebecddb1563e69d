-- On to an instant, at most to the target; nothing is returned once it is reached.
update test_clock set frozen_at = least(target_at, $2::timestamptz), lease_until = $3
where fence = $1 and frozen_at < target_at
returning frozen_at;
