-- An advance begins, and with it the clock where there was none; nothing is returned while another is under way.
insert into test_clock as c (frozen_at, target_at) values ($1, $2)
on conflict (only_one) do update set target_at = excluded.target_at where c.target_at is null
returning frozen_at, target_at;
