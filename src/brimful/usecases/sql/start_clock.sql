-- A clock that stands at $1; none is started twice, nor behind real time ($2) where something is written down already.
insert into test_clock (frozen_at)
select $1::timestamptz where $1 >= $2::timestamptz or not exists (select from platform)
on conflict (only_one) do nothing
returning frozen_at, target_at;
