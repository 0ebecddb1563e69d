"""The client for platforms."""
