-- The lease goes on; nothing is returned when it is another's by now, or when the advance was halted.
update test_clock set lease_until = $2 where fence = $1 and target_at is not null returning fence;
