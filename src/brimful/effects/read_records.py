"""Reading all that a gateway lists of one account, page by page, with some patience (R24)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from brimful.domain.disconnection import Disconnected, is_disconnected
from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.domain.payment_record import PaymentRecord
from brimful.gateways.records import Records, RecordsPage

# A page that brought no answer is asked for again so much later each time, in seconds of real time.
PAUSES_S: Sequence[float] = (0.5, 2.0, 5.0)

Rest = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotListed:
    """The payments of an account were not given, or not to their end: nothing is known of them.
    ``why`` says so in a few words; ``answers`` is whether the gateway does answer, be it with a refusal
    or that it is asked too often."""

    why: str
    answers: bool


async def read_records(
    records: Records,
    account: str,
    *,
    since: datetime,
    before: datetime,
    seen: Callable[[str, int], None],
    pauses_s: Sequence[float] = PAUSES_S,
    rest: Rest = asyncio.sleep,
) -> list[PaymentRecord] | Disconnected | NotListed:
    """All payments of an account that were made from ``since`` on and earlier than ``before``, as its
    gateway has them, newest first.

    ``seen`` is told how many were read, after each page. A page without an answer is asked for again,
    after each of ``pauses_s`` (seconds, which ``rest`` waits); a refusal is the gateway's word and is
    not. A part of a list is as good as none: what is on the pages that are missing would seem to be
    missing at the gateway.
    """
    read: list[PaymentRecord] = []
    after: str | None = None
    while True:
        tries = iter(pauses_s)
        while True:
            page = await records.list_payments(
                account_ref=account, since=since, before=before, after=after
            )
            pause_s = next(tries, None)
            if pause_s is None or not isinstance(page, Unknown | Unreachable):
                break
            await rest(pause_s)
        if is_disconnected(page):
            return Disconnected()
        if not isinstance(page, RecordsPage):
            return _not_listed(page)
        read += page.records
        seen(account, len(read))
        after = page.after
        if after is None:
            return read


def _not_listed(page: Refused | Unknown | Unreachable) -> NotListed:
    if isinstance(page, Refused):
        return NotListed(why=f"refused: {page.code}", answers=True)
    if isinstance(page, Unreachable):
        return NotListed(why=f"not reached: {page.why}", answers=False)
    return NotListed(why=f"no answer: {page.why}", answers=page.busy)
