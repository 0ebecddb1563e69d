"""Time as an argument: a business instant and the real one beside it.

Business time dates charges, caps, expiries and renewals and may be a test clock. Real time runs
leases, waits and time-outs (R38). Whoever stands at the edge reads both once and passes them in.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks, each an aware datetime in UTC."""

    at: datetime
    real_at: datetime
