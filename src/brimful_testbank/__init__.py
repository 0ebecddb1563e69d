"""testbank: a stateful payment gateway for tests and demos, served on its own."""
