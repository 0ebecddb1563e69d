"""What an account holds, by resource."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.columns import columns
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Every place where what an account received can be; whole units."""

    free: int = 0
    reserved: int = 0
    held: int = 0
    used: int = 0
    sold: int = 0
    received: int = 0
    lapsed: int = 0
    clawed_back: int = 0
    overdrawn: int = 0
    issued: int = 0
    unsettled: int = 0
    next_expiry_at: datetime | None = None


_PLACES = tuple(field.name for field in fields(Stock))


async def read_stock(
    tx: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> tuple[Stock, Stock]:
    """The credits and the chatbots of an account, in this order, as they are in the books."""
    return _stock(await tx.fetch(_sql("read_stock"), tenant_id, account_id))


async def read_stock_at(
    tx: Transaction | Database, tenant_id: UUID, account_id: UUID, at: datetime
) -> tuple[Stock, Stock]:
    """The same as they are at ``at``: credits whose end has passed by then are lapsed, though it is not
    in the books yet (R36)."""
    return _stock(await tx.fetch(_sql("read_stock_at"), tenant_id, account_id, at))


async def find_stocks(
    db: Transaction | Database, asked: Sequence[tuple[bytes, UUID]], at: datetime
) -> dict[tuple[bytes, UUID], tuple[Stock, Stock]]:
    """What accounts hold at ``at``, by their ids alone, each asked about with an API key (by its hash);
    who may not see an account finds none (R40)."""
    rows = await db.fetch(_sql("find_stocks"), *columns(asked), at)
    of: dict[tuple[bytes, UUID], list[Any]] = {}
    for row in rows:
        of.setdefault((row["secret_hash"], row["account_id"]), []).append(row)
    return {who: _stock(both) for who, both in of.items()}


def _stock(rows: Sequence[Any]) -> tuple[Stock, Stock]:
    of = {row["resource"]: Stock(**{name: row[name] for name in _PLACES}) for row in rows}
    return of["credits"], of["chatbots"]


async def read_final_free(
    db: Transaction | Database, accounts: Sequence[tuple[UUID, UUID]], moment: Moment
) -> dict[UUID, int]:
    """The free credits of those of some accounts (tenant, account) at which nothing waits and no hold
    stands beyond its time: whoever is short of more finds nothing by looking again (R38)."""
    rows = await db.fetch(_sql("read_final_free"), *columns(accounts), moment.at, moment.real_at)
    return {row["account_id"]: row["credits"] for row in rows}


async def open_balances(tx: Transaction, tenant_id: UUID, account_id: UUID) -> None:
    """The two empty balances of a new account."""
    await tx.execute(_sql("open_balances"), tenant_id, account_id)


async def settle(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Stock, Stock]:
    """Take what was spent from its lots and lapse what has ended (R36); returns the credits and the
    chatbots that there are then."""
    return _stock(await tx.fetch(_sql("settle"), tenant_id, account_id, moment.at))


async def lapse_due(db: Database, at: datetime, limit: int) -> int:
    """Let credits lapse that have ended by ``at``, of up to ``limit`` pools; returns of how many.
    Nothing depends on when this is done: no spend ever uses them (R36)."""
    return int(await db.fetchval(_sql("lapse_due"), at, limit))


async def free_seat(
    tx: Transaction, tenant_id: UUID, account_id: UUID, chatbot_id: UUID, moment: Moment
) -> None:
    """The seat of a deleted chatbot is free again (R4)."""
    await tx.execute(
        _sql("move"),
        tenant_id,
        account_id,
        "chatbots",
        "release",
        "used",
        "free",
        1,
        chatbot_id,
        moment.at,
    )


async def pause_chatbots(
    tx: Transaction, tenant_id: UUID, account_id: UUID, chatbots: Sequence[UUID], moment: Moment
) -> None:
    """Take the seats of active chatbots: they pause, and the seats are free (R31)."""
    await tx.execute(_sql("pause_chatbots"), tenant_id, account_id, list(chatbots), moment.at)


async def resume_chatbots(
    tx: Transaction, tenant_id: UUID, account_id: UUID, chatbots: Sequence[UUID], moment: Moment
) -> None:
    """Give free seats to paused chatbots."""
    await tx.execute(_sql("resume_chatbots"), tenant_id, account_id, list(chatbots), moment.at)


async def end_chatbots(tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment) -> None:
    """End all chatbots of an account that is closed; their seats are free (R46)."""
    await tx.execute(_sql("end_chatbots"), tenant_id, account_id, moment.at)
