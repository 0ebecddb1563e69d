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
        self._last = batches.Wanted(plan.accounts[0], _key(self._random.randbytes(8).hex(), 0), 1)

    def batch(self) -> list[batches.Wanted]:
        """The next one; drawn in bulk, as its time is taken from what is measured."""
        size, poor = self._plan.batch, self._plan.poor
        keys = self._random.randbytes(8 * size).hex()
        accounts = self._random.choices(self._plan.accounts, k=size)
        asked = []
        for place, percent in enumerate(self._random.choices(range(100), k=size)):
            if percent < REPEATED_PERCENT:
                asked.append(self._last)
                continue
            is_poor = bool(poor) and percent < REPEATED_PERCENT + REFUSED_PERCENT
            account = self._random.choice(poor) if is_poor else accounts[place]
            asked.append(batches.Wanted(account, _key(keys, place), 1))
            if not is_poor:
                self._last = asked[-1]
        return asked


def _key(keys: str, place: int) -> str:
    return f"k{keys[16 * place : 16 * place + 16]}"


def asking_of(plan: Plan) -> Asking:
    """Batches where the plan says where to, else spends one by one."""
    return Batches(plan) if plan.path else OneByOne(plan)
