"""What went wrong elsewhere in public, one scenario each, and that it cannot happen here."""
