"""How long a request that moves money may be sent again (R22).

A gateway keeps the answer to a key for a day. The same request under the same key, sent later, would
be a new one: so it is looked up, and cancelled or left, instead.
"""

from datetime import datetime, timedelta

# An hour less than the gateway keeps a key: a request that is under way has come to its end by then,
# and clocks may differ.
RESEND_FOR = timedelta(hours=23)


def may_send(first_real_at: datetime, real_at: datetime) -> bool:
    """Tell whether a request for money may be sent at ``real_at`` when no try of it was made before
    ``first_real_at``; both are real time."""
    return real_at - first_real_at <= RESEND_FOR
