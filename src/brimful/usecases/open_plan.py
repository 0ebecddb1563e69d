"""How a plan for a pool begins: locked, what came free offered, and what there is to decide about."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger.demands import Moved, WaitingDemand

_sql = partial(load, "brimful.usecases")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """The ``moment`` at which it is planned, no earlier than that of the last demand; what became of
    operations that were offered what came free; whether a purchase is ``at_gateway``
    that the shortage waits for (R19); and if there is none, the sellers of what is due at the account and
    above, nearest to the root first, which comes before a shortage (R35), and what ``waiting`` demands
    lack, in arrival order; the account's ``zone``."""

    moment: Moment
    moved: tuple[Moved, ...]
    at_gateway: bool
    due_sellers: tuple[UUID, ...]
    waiting: list[WaitingDemand]
    zone: str


async def open_plan(
    tx: Transaction, *, tenant_id: UUID, account_id: UUID, moment: Moment
) -> OpenPlan:
    """Lock the pools of an account and its seller, as ``demands.lock_buyer``, and begin to plan for what
    waits on the account's. Raises asyncpg.SerializationError when it moves to another seller meanwhile."""
    row = await tx.fetchrow(_sql("open_plan"), tenant_id, account_id, moment.at, moment.real_at)
    assert row is not None
    moved = zip(row["kinds"] or (), row["operations"] or (), row["outcomes"] or (), strict=True)
    return OpenPlan(
        moment=Moment(at=row["planned_at"], real_at=moment.real_at),
        moved=tuple(Moved(*one) for one in moved),
        at_gateway=row["at_gateway"],
        due_sellers=tuple(row["due_sellers"] or ()),
        waiting=[WaitingDemand.of(one) for one in row["waiting"] or ()],
        zone=row["zone"],
    )
