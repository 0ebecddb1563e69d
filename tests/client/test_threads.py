"""R39: what a credit lease says of itself in one thread while it is stopped in another."""

from typing import Any

from brimful.client import Api, CreditLease


class Interrupted(CreditLease):
    """Stopped by another thread right after one of its numbers was read."""

    stops_after = ""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name == super().__getattribute__("stops_after"):
            self.stops_after = ""
            self.stop()
        return value


def test_r39_no_more_is_reported_than_was_spent_while_it_is_stopped() -> None:
    """Of 100 credits 40 are spent, between whichever two readings it is stopped."""
    for read in ("_left", "_final"):
        lease = Interrupted(Api(url="http://127.0.0.1:1", key="brm_none"), "/leases/1", 100, 0.0)
        lease._left = 60
        lease.stops_after = read
        assert (lease.spent, lease.spent) == (40, 40)
