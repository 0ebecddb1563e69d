"""brimful: prepaid credits and auto-billing up a tree of resellers."""

__version__ = "0.1.0"
