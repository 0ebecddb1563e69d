"""Events of the gateway as records: stored once, taken under a lease in real time, settled once (R45)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from brimful.db.sqlfile import load
from brimful.db.transaction import Database
from brimful.domain.event import Hint, Verdict
from brimful.domain.moment import Moment
from brimful.domain.payment import Event

_sql = partial(load, "brimful.billing")

ERROR_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An event that this process has in hand. ``tries`` is the token by which it may say what became
    of it; ``failures`` is how often handling it went wrong."""

    gateway: str
    event_id: str
    hint: Hint
    received_real_at: datetime
    tries: int
    failures: int


async def store(db: Database, gateway: str, event: Event, moment: Moment) -> bool:
    """Store what an event says, durably; False when it was stored before, and nothing changed."""
    return bool(
        await db.fetchval(
            _sql("store_event"),
            gateway,
            event.event_id,
            event.kind,
            event.mode,
            event.account_ref,
            event.payment_id,
            event.amount_minor,
            event.currency,
            event.created_at,
            moment.real_at,
            event.page_id,
            event.method_id,
        )
    )


async def find_due(db: Database, gateway: str, real_at: datetime, limit: int) -> list[str]:
    """The ids of a gateway's events that are due and that nobody handles, oldest first."""
    return [
        row["event_id"] for row in await db.fetch(_sql("find_due_events"), gateway, real_at, limit)
    ]


async def take(
    db: Database, gateway: str, event_id: str, *, real_at: datetime, until: datetime
) -> Taken | None:
    """Take an event that is due, until an instant; None when it is not, or another has it."""
    row = await db.fetchrow(_sql("take_event"), gateway, event_id, real_at, until)
    if row is None:
        return None
    hint = Hint(
        kind=row["kind"],
        mode=row["mode"],
        account_ref=row["account_ref"],
        payment_id=row["payment_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        page_id=row["page_id"],
        method_id=row["method_id"],
    )
    return Taken(
        gateway=gateway,
        event_id=event_id,
        hint=hint,
        received_real_at=row["received_real_at"],
        tries=row["tries"],
        failures=row["failures"],
    )


async def settle(db: Database, taken: Taken, verdict: Verdict, moment: Moment) -> None:
    """Say what became of an event; nothing when another has taken it meanwhile."""
    state = "refused" if verdict.refused else "handled"
    await db.execute(
        _sql("settle_event"),
        taken.gateway,
        taken.event_id,
        taken.tries,
        state,
        str(verdict),
        moment.real_at,
    )


async def put_off(db: Database, taken: Taken, until: datetime) -> None:
    """Let an event be due again at an instant."""
    await db.execute(_sql("put_off_event"), taken.gateway, taken.event_id, taken.tries, until)


async def note_failure(
    db: Database, taken: Taken, *, error: str, until: datetime, failures_max: int
) -> None:
    """Count a failure to handle an event, which is due again at an instant, or parked for a person
    after ``failures_max`` of them."""
    await db.execute(
        _sql("note_event_failure"),
        taken.gateway,
        taken.event_id,
        taken.tries,
        error.replace("\0", "?")[:ERROR_MAX],
        until,
        failures_max,
    )


async def list_parked(db: Database, limit: int) -> list[dict[str, Any]]:
    """The events that could not be handled and wait for a person, oldest first."""
    return [dict(row) for row in await db.fetch(_sql("list_parked_events"), limit)]


async def retry_parked(db: Database, moment: Moment) -> int:
    """Let every parked event be handled anew; returns how many there were."""
    return int(await db.fetchval(_sql("retry_parked_events"), moment.real_at))
