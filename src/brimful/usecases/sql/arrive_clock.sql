-- What was due on the way and at the target is done: the advance is over.
update test_clock set target_at = null where fence = $1 and frozen_at = target_at;
