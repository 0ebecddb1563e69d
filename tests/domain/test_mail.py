"""R42: when mail that could not be sent is tried again."""

from datetime import timedelta

from brimful.domain.mail import PAUSES, pause_after


def test_r42_mail_is_tried_for_three_days() -> None:
    """From half a minute to four hours; a server that is away for a night costs none."""
    assert list(PAUSES) == sorted(PAUSES)
    assert (PAUSES[0], PAUSES[-1]) == (timedelta(seconds=30), timedelta(hours=4))
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=3, hours=6)
    tries = range(1, len(PAUSES) + 2)
    assert [pause_after(failures) for failures in tries] == [*PAUSES, None]
