"""Shapes of Stripe's objects, derived from its public description."""
