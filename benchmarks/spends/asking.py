"""What is asked over HTTP, and how its replies count: one spend a request, or many."""

from random import Random
from typing import Protocol

from benchmarks.spends import batches, http
from benchmarks.spends.plan import Plan, Tally

ONE = b'{"credits":1}'
# Of a hundred spends in a batch, so many are of accounts without credits, and so many keys are sent
# a second time.
REFUSED_PERCENT, REPEATED_PERCENT = 2, 2


def _name(status: int) -> str:
    return str(status) if status else "connection lost"


class Asking(Protocol):
    """Makes requests and judges replies; one for all connections."""

    def request(self) -> bytes:
        """The next request, whole."""

    def count(self, tally: Tally, status: int, body: bytes) -> None:
        """Count a reply; status 0 when none came."""


class OneByOne:
    """A spend of one credit a request, each on an account drawn at random."""

    def __init__(self, plan: Plan) -> None:
        more = {"Content-Type": "application/json", "Idempotency-Key": "%"}
        address = plan.addresses[0]
        # Each request in two parts, before its idempotency key and after.
        self._parts = [
            http.request("POST", f"/v1/accounts/{one}/spends", address, plan.key, more, ONE)
            .split(b"%", 1)
            for one in plan.accounts
        ]  # fmt: skip
        self._random = Random(plan.seed)

    def request(self) -> bytes:
        """A spend under a key that was never used."""
        before, after = self._random.choice(self._parts)
        return b"%sk%016x%s" % (before, self._random.getrandbits(64), after)

    def count(self, tally: Tally, status: int, body: bytes) -> None:
        """200: debited."""
        if status == 200:
            tally.done += 1
        else:
            tally.failed[_name(status)] += 1


class Batches:
    """Batches of spends: most are debited, some refused, some keys were sent before."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._drawn = Drawn(plan)

    def request(self) -> bytes:
        """The next batch."""
        body = batches.body_of(self._drawn.batch())
        more = {"Content-Type": "application/json"}
        return http.request(
            "POST", self._plan.path, self._plan.addresses[0], self._plan.key, more, body
        )

    def count(self, tally: Tally, status: int, body: bytes) -> None:
        """Each spend by itself."""
        if status == 200:
            batches.count(tally, body)
        else:
            tally.failed[_name(status)] += self._plan.batch


class Drawn:
    """Batches drawn at random from a plan's accounts, with refusals and keys that come again."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = Random(plan.seed)
        self._last = batches.Wanted(plan.accounts[0], self._key(), 1)

    def _key(self) -> str:
        return f"k{self._random.getrandbits(64):016x}"

    def batch(self) -> list[batches.Wanted]:
        """The next one."""
        return [self._one() for _ in range(self._plan.batch)]

    def _one(self) -> batches.Wanted:
        drawn = self._random.random() * 100
        if drawn < REPEATED_PERCENT:
            return self._last
        if drawn < REPEATED_PERCENT + REFUSED_PERCENT and self._plan.poor:
            return batches.Wanted(self._random.choice(self._plan.poor), self._key(), 1)
        self._last = batches.Wanted(self._random.choice(self._plan.accounts), self._key(), 1)
        return self._last


def asking_of(plan: Plan) -> Asking:
    """Batches where the plan says where to, else spends one by one."""
    return Batches(plan) if plan.path else OneByOne(plan)
