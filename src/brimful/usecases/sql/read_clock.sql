select frozen_at, target_at from test_clock;
