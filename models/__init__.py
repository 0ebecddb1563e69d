"""A model of auto-billing and of the cascade, and a program that checks all of its states."""
