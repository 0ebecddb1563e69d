-- Who moves the clock: at most one, until the lease is over.
update test_clock set fence = fence + 1, lease_until = $2
where target_at is not null and lease_until <= $1
returning fence;
