"""The adapter to testbank, the test gateway."""
