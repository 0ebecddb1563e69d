update test_clock set lease_until = '-infinity' where fence = $1;
