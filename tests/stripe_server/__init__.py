"""A faithful Stripe for tests: stateful, with a virtual clock, that the unmodified SDK talks to."""
