"""Many spends in one call: the only file here that knows how batches are spent, over HTTP and in
process. While the API has no endpoint for them, that benchmark says so and is left out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from benchmarks.spends.plan import Tally
from brimful.domain.reason import Refuse
from brimful.usecases.answers import SpendDone
from brimful.wiring import Engine

PATH = "/v1/spends/batch"


class Wanted(NamedTuple):
    """One spend of a batch; the account as the API shows its id."""

    account: str
    key: str
    credits: int


def path_in(openapi: dict[str, Any]) -> str | None:
    """Where batches are posted to, by the API's own description; None while there is no endpoint."""
    return PATH if "post" in openapi.get("paths", {}).get(PATH, {}) else None


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
    """Spends a batch by the engine's use case, called for all of it at once, and counts the answers."""
    rows = await engine.ctx.db.fetch("select tenant_id, account_id from account")
    tenants: dict[UUID, UUID] = {row["account_id"]: row["tenant_id"] for row in rows}

    async def one(wanted: Wanted, tally: Tally) -> None:
        account_id = UUID(hex=wanted.account.removeprefix("acc_"))
        answer = await engine.spend(
            tenant_id=tenants[account_id],
            account_id=account_id,
            wait_ms=0,
            key=wanted.key,
            body_hash=b"%d" % wanted.credits,
            credits=wanted.credits,
            model=None,
            messages=None,
        )
        if isinstance(answer, SpendDone):
            tally.done += 1
        elif isinstance(answer, Refuse):
            tally.refused += 1
        else:
            tally.failed[type(answer).__name__] += 1

    async def spend(batch: Sequence[Wanted], tally: Tally) -> None:
        await asyncio.gather(*(one(wanted, tally) for wanted in batch))

    return spend
