"""The adapter to Stripe, by its official SDK (R44)."""
