"""Spends: the debit of credits for work done, once per key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple
from uuid import UUID

from brimful.db.columns import columns
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")

# The tenant of an account of which it is not known yet.
UNKNOWN_TENANT = UUID(int=0)


class NewSpend(NamedTuple):
    """A spend as it was asked for. ``key`` is unique per account; ``body_hash`` tells reuse apart.

    With ``secret_hash``, of the API key that asks (``billing.keys.hash_of``), it is settled only if that
    key may command the account, in whatever tenant that is (R40); ``tenant_id`` is ``UNKNOWN_TENANT``.

    A tuple, in the order of the statement's arguments: a batch of thousands is made and taken apart
    in a fraction of the time.
    """

    tenant_id: UUID
    account_id: UUID
    key: str
    body_hash: bytes
    spend_id: UUID
    credits: int
    model: str | None
    messages: int | None
    secret_hash: bytes | None = None


# By their place in it, what may be left unsaid of a spend, and how.
_SAYS_NOTHING = tuple(
    (NewSpend._fields.index(name), nothing)
    for name, nothing in (
        ("tenant_id", UNKNOWN_TENANT),
        ("model", None),
        ("messages", None),
        ("secret_hash", None),
    )
)


# The columns of what is not simply done.
_OTHERS = ("places", "outcomes", "spends", "credits", "balances_after", "tenants")


class NewHold(NamedTuple):
    """Credits to be set aside where a spend would debit them: as what, and for how many seconds of real
    time (``holds``). It stands for a spend with its key, until it is held."""

    tenant_id: UUID
    account_id: UUID
    key: str
    body_hash: bytes
    spend_id: UUID
    credits: int
    held_as: Literal["hold", "lease"]
    hold_s: int


Asked = NewSpend | NewHold


class Done(NamedTuple):
    """A spend that was done: its id, its credits, and what was left after it, below zero if overdrawn."""

    spend_id: UUID
    credits: int
    balance_after: int


class Tried(NamedTuple):
    """What became of a try: done now or before, waiting, short of credits, or its key is taken.
    "busy": another transaction has the account, and nothing was tried; "barred": nor is it to be, as the
    API key that asks may not command the account, or nobody may. ``tenant_id`` is told where API keys
    ask, of what is not simply done."""

    outcome: Literal["done", "waiting", "short", "conflict", "busy", "barred"]
    spend_id: UUID
    credits: int
    balance_after: int | None
    tenant_id: UUID | None = None

    @property
    def is_simply_done(self) -> bool:
        """Of what an API key asked: there is nothing to follow, and nothing to tell but what is said here."""
        return self.outcome == "done" and self.tenant_id is None


async def spend_many(
    db: Transaction | Database, asked: Sequence[NewSpend], moment: Moment, *, wait: bool
) -> list[Tried]:
    """Debit each for which there is enough, as if they had come one after the other: key, debit and
    entries together; of the others nothing is changed. An answer for each, in their order.

    Accounts that another transaction has are not waited for, but for that of the first if ``wait``.
    Raises when that has no balance.
    """
    row = await db.fetchrow(_sql("spend_many"), *_sent(asked), moment.at, wait)
    assert row is not None, "sums are one row"
    answers: list[Any] = [None] * len(asked)
    make = Tried._make
    for place, after in zip(row["plain"] or (), row["plain_after"] or (), strict=True):
        new = asked[place - 1]
        answers[place - 1] = make(("done", new.spend_id, new.credits, after, None))
    if row["places"] is not None:
        others = [row[name] for name in _OTHERS]
        for place, outcome, spend_id, credits, after, tenant_id in zip(*others, strict=True):
            new = asked[place - 1]
            did = spend_id or new.spend_id, new.credits if credits is None else credits
            answers[place - 1] = Tried(outcome, *did, after, tenant_id)
    return answers


def _sent(asked: Sequence[NewSpend]) -> list[list[Any] | None]:
    """The columns of a batch. The driver looks at each value several times, so a column that says nothing
    is not sent, and an API key that asks for all of them only once."""
    sent: list[list[Any] | None] = [*columns(asked)]
    for place, nothing in _SAYS_NOTHING:
        column = sent[place]
        if column is not None and column.count(nothing) == len(asked):
            sent[place] = None
    secrets = sent[-1]
    if secrets is not None and secrets.count(secrets[0]) == len(asked):
        sent[-1] = secrets[:1]
    return sent


async def wait_for_spend(
    db: Transaction | Database, new: Asked, answer_by: datetime, moment: Moment
) -> Literal["waiting", "done", "raced"]:
    """Register a short spend as a waiting demand until ``answer_by`` (real time, R20).

    "done": enough came free meanwhile and it is debited, or held. "raced": another call with this key won.
    """
    from_sql: Literal["waiting", "done", "raced"] = await db.fetchval(
        _sql("wait_for_spend"),
        new.tenant_id,
        new.account_id,
        new.key,
        new.body_hash,
        new.spend_id,
        new_demand_id(new),
        new.credits,
        *((None, None) if isinstance(new, NewHold) else (new.model, new.messages)),
        *((new.held_as, new.hold_s) if isinstance(new, NewHold) else (None, None)),
        answer_by,
        moment.at,
        moment.real_at,
    )
    return from_sql


def new_demand_id(new: Asked) -> UUID:
    """A spend has at most one demand in its life, so it shares the spend's id."""
    return new.spend_id


GivenUp = Literal["abandoned", "answered", "unplanned"]


async def abandon_spends(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    answer_by: Mapping[UUID, datetime],
    moment: Moment,
    *,
    unplanned_too: bool,
) -> tuple[dict[UUID, GivenUp], bool]:
    """Mark spends of an account, each of which waits until ``answer_by`` (real time), abandoned by
    compare-and-set.

    "answered": it had been, or another caller of it still waits, later than that and now. "unplanned":
    nothing is done, as nothing was bought for it yet, nor is anything else being bought for its account;
    with ``unplanned_too`` it is abandoned all the same. Returns what became of each, and whether any of
    them had stock set aside, which is free now.
    """
    until = [max(one, moment.real_at) for one in answer_by.values()]
    rows = await tx.fetch(
        _sql("abandon_spends"),
        tenant_id,
        account_id,
        list(answer_by),
        until,
        moment.at,
        unplanned_too,
    )
    return {row["spend_id"]: row["ended"] for row in rows}, any(row["freed"] for row in rows)


async def extend_wait(
    tx: Transaction | Database, tenant_id: UUID, spend_id: UUID, answer_by: datetime
) -> None:
    """Another caller of the same spend waits until ``answer_by`` (real time)."""
    await tx.execute(_sql("extend_wait"), tenant_id, spend_id, answer_by)


async def find_done(
    db: Transaction | Database, asked: Sequence[tuple[UUID, UUID, str, bytes]]
) -> dict[int, Done]:
    """What was done for some spends (tenant, account, key, hash of the body), by their places in
    ``asked``: for whom what they would cost now is not known (R39)."""
    rows = await db.fetch(_sql("find_done_spends"), *columns(asked, width=4))
    return {
        row["place"] - 1: Done(row["spend_id"], row["credits"], row["balance_after"])
        for row in rows
    }


async def read_spends(
    db: Transaction | Database, tenant_id: UUID, spend_ids: list[UUID]
) -> list[dict[str, Any]]:
    """Spends by id, as rows; what was only to be held is none."""
    return [dict(row) for row in await db.fetch(_sql("read_spends"), tenant_id, spend_ids)]
