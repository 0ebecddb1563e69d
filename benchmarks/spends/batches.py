"""Many spends in one call: the only file here that knows how batches are spent, over HTTP and in
process."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from benchmarks.spends.plan import Tally
from brimful.api.ids import show
from brimful.db.ids import new_ids
from brimful.domain.reason import Refuse
from brimful.ledger.spends import NewSpend
from brimful.usecases.answers import SpendDone
from brimful.wiring import Engine


class Wanted(NamedTuple):
    """One spend of a batch; the account as the API shows its id."""

    account: str
    key: str
    credits: int


def path_of(account: str) -> str:
    """Where batches are posted to that name accounts below one, or below the platform."""
    return f"/v1/accounts/{account}/spends/batch"


def body_of(batch: Sequence[Wanted]) -> bytes:
    """The body of a call."""
    spends = [{"account_id": one.account, "key": one.key, "credits": one.credits} for one in batch]
    return msgspec.json.encode({"spends": spends})


class _Answer(msgspec.Struct):
    status: str


class _Answers(msgspec.Struct):
    data: list[_Answer]


_decoder = msgspec.json.Decoder(_Answers)


def count(tally: Tally, body: bytes) -> None:
    """Count each answer of a reply."""
    for one in _decoder.decode(body).data:
        if one.status == "done":
            tally.done += 1
        elif one.status == "refused":
            tally.refused += 1
        else:
            tally.failed[one.status] += 1


Spend = Callable[[Sequence[Wanted], Tally], Awaitable[None]]


async def in_process(engine: Engine) -> Spend:
    """Spends a batch in one call of the engine, and counts the answers."""
    rows = await engine.ctx.db.fetch("select tenant_id, account_id from account")
    ids: dict[str, tuple[UUID, UUID]] = {
        show("acc", row["account_id"]): (row["tenant_id"], row["account_id"]) for row in rows
    }

    def new(wanted: Wanted, spend_id: UUID) -> NewSpend:
        tenant_id, account_id = ids[wanted.account]
        body_hash = b"%d" % wanted.credits
        return NewSpend(
            tenant_id, account_id, wanted.key, body_hash, spend_id, wanted.credits, None, None
        )

    async def spend(batch: Sequence[Wanted], tally: Tally) -> None:
        asked = [new(*one) for one in zip(batch, new_ids(len(batch)), strict=True)]
        for answer in await engine.spend_all(asked, wait_ms=0):
            if isinstance(answer, SpendDone):
                tally.done += 1
            elif isinstance(answer, Refuse):
                tally.refused += 1
            else:
                tally.failed[type(answer).__name__] += 1

    return spend
