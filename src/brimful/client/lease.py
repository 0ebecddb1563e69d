"""A credit lease: a block of credits of one account, spent in this process at the speed of memory.

The server has set the block aside and charges what is spent of it as it is reported, and at its end all
that was not returned. So this process must have stopped by then. It counts its time on its own clock, from
before it asked, and stops a margin earlier: however long the request took, the server's end is later.
"""

import os
import uuid
import weakref
from time import monotonic
from types import TracebackType
from typing import Any, Self

from brimful.client.http import Api, Refused

# So many seconds before the server's end a lease stops: for servers whose clocks differ, and for a
# process that is paused between looking at its clock and counting.
MARGIN_S = 2.0
# The server charged all of it: its time was over.
EXPIRED = "hold_expired"
_NEVER = float("-inf")


class CreditLease:
    """Credits that one thread spends by itself. ``report``, ``extend`` and the attributes may be used
    from any thread; ``spend`` and ``stop`` are for the one that spends, because nothing is locked."""

    __slots__ = (
        "__weakref__", "_api", "_final", "_left", "_margin_s", "_path", "_process", "_until_s", "credits",
    )  # fmt: skip

    def __init__(self, api: Api, path: str, credits: int, margin_s: float) -> None:
        """Use ``take``."""
        self._api, self._path, self._margin_s = api, path, margin_s
        self.credits = credits
        self._left = credits
        self._final: int | None = None
        self._until_s = _NEVER
        self._process = os.getpid()
        _leases.add(self)

    @classmethod
    def take(
        cls,
        api: Api,
        account_id: str,
        credits: int,
        *,
        ttl_s: int = 60,
        margin_s: float = MARGIN_S,
        idempotency_key: str | None = None,
        wait_ms: int | None = None,
    ) -> Self:
        """Set ``credits`` of an account (``acc_…``) aside for ``ttl_s`` seconds, of which the last
        ``margin_s`` are not used. Short of them, auto-billing buys what is missing, for which the call
        waits at most ``wait_ms``. Raises Refused, and Unreachable: it may be taken all the same. What is
        pending, or may be taken, is taken again under the key that the exception names. A key is for one
        lease of one process.
        """
        if ttl_s <= margin_s:
            raise ValueError("a lease must last longer than its margin")
        key = idempotency_key or str(uuid.uuid4())
        body = {"credits": credits, "ttl_s": ttl_s}
        path = f"/v1/accounts/{account_id}/leases"
        sent_s = monotonic()
        made = api.post(path, body if wait_ms is None else {**body, "wait_ms": wait_ms}, key)
        lease = cls(api, f"{path}/{made['id']}", made["credits"], margin_s)
        lease._go_on(sent_s, ttl_s, made)
        return lease

    @property
    def id(self) -> str:
        """Its id, as the API and the statement show it."""
        return self._path.rpartition("/")[2]

    @property
    def spent(self) -> int:
        """Credits that were spent of it."""
        # In this order, as ``stop`` in another thread stores the end before there is nothing left.
        left, final = self._left, self._final
        return self.credits - left if final is None else final

    @property
    def left_s(self) -> float:
        """Seconds for which it may still be spent; none left: 0."""
        return max(0.0, self._until_s - monotonic())

    def spend(self, credits: int) -> bool:
        """Spend so many credits, at least 1: False when so many are not left, or the time is over.
        Nothing is sent; what is not reported by its end is charged all the same."""
        left = self._left - credits
        if left < 0 or credits < 1 or monotonic() >= self._until_s:
            return _cannot(credits)
        self._left = left
        return True

    def report(self) -> None:
        """Tell the server what was spent so far; it is charged. Raises Refused (``hold_expired``: all of
        it was charged, and it cannot be spent any more) and Unreachable: report again later."""
        self._tell("report", {"credits": self.spent})

    def extend(self, ttl_s: int) -> None:
        """Report, and let it last ``ttl_s`` seconds from now, as far as the server lets it. Raises as
        ``report``; it then ends when it would have."""
        sent_s = monotonic()
        told = self._tell("report", {"credits": self.spent, "extend_s": ttl_s})
        self._go_on(sent_s, ttl_s, told)

    def stop(self) -> int:
        """Spend nothing of it any more; what was spent."""
        if self._final is None:
            # Whatever ``extend`` learns in another thread, there is nothing left to be spent.
            self._final, self._left = self.credits - self._left, 0
        return self._final

    def close(self) -> None:
        """Stop, report, and give back what is left. Raises as ``report``: call it again, or let it be
        charged at its end."""
        self._tell("return", {"credits": self.stop()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tell(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        if os.getpid() != self._process:
            raise RuntimeError("a lease is of the process that took it")
        try:
            return self._api.post(f"{self._path}/{verb}", body)
        except Refused as refused:
            if refused.code == EXPIRED:
                self.stop()
            raise

    def _go_on(self, sent_s: float, ttl_s: int, told: dict[str, Any]) -> None:
        """Count from before the request was sent: the server began to count after that."""
        lasts_s = min(ttl_s * 1000, told["lasts_ms"]) / 1000
        self._until_s = max(self._until_s, sent_s + lasts_s - self._margin_s)


def _cannot(credits: int) -> bool:
    if credits < 1:
        raise ValueError("at least 1 credit is spent")
    return False


_leases: "weakref.WeakSet[CreditLease]" = weakref.WeakSet()


def _after_fork() -> None:
    """A lease is spent by the process that took it; the copy in a child has nothing."""
    for lease in _leases:
        lease.stop()


os.register_at_fork(after_in_child=_after_fork)
