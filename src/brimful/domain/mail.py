"""When mail that could not be sent is tried again (R42).

Times are real, not business time: what waits is a mail server.
"""

from datetime import timedelta

# After each failure; together three days and some hours. A server that was away for minutes is tried soon
# after it is back, one that was away for days within four hours.
PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    *(timedelta(hours=4),) * 18,
)


def pause_after(failures: int) -> timedelta | None:
    """How long mail waits for its next try after so many failures, at least one; None: it is given up."""
    return PAUSES[failures - 1] if failures <= len(PAUSES) else None
