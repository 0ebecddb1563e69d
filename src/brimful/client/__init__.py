"""What a platform's own process needs to spend credits by itself."""

from brimful.client.http import Api, Refused, Unreachable
from brimful.client.lease import CreditLease

__all__ = ["Api", "CreditLease", "Refused", "Unreachable"]
