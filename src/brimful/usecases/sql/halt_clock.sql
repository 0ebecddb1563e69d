-- Business time stays where it has come to.
update test_clock set target_at = null where target_at is not null returning frozen_at, target_at;
