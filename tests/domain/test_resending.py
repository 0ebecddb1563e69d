"""R22: no request for money is sent again later than 23 hours after its first try."""

from datetime import timedelta

import pytest

from brimful.domain.resending import RESEND_FOR, may_send
from tests.domain.makers import AT


@pytest.mark.parametrize(
    ("passed", "may"),
    [
        (timedelta(0), True),
        (timedelta(hours=22, minutes=59), True),
        (timedelta(hours=23), True),
        (timedelta(hours=23, minutes=1), False),
        (timedelta(days=20), False),
    ],
)
def test_r22_the_boundary_is_an_hour_before_keys_are_forgotten(
    passed: timedelta, may: bool
) -> None:
    """Gateways keep the answer to a key for 24 hours."""
    assert may_send(AT, AT + passed) is may
    assert timedelta(hours=24) - RESEND_FOR >= timedelta(hours=1)
