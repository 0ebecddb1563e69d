"""What a reading of a seller's gateway account says is recorded here (R10, R45)."""

from datetime import datetime
from uuid import UUID

from brimful.db.transaction import Transaction
from brimful.domain.disconnection import Connected, Disconnected
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.note_disconnected import note_connected, note_disconnected


async def record_connection(
    ctx: Context,
    *,
    tenant_id: UUID,
    seller_id: UUID,
    outcome: Connected | Disconnected,
    asked_real_at: datetime,
    moment: Moment,
) -> tuple[Effect, ...]:
    """Record whether a seller's gateway account is open to us, as the gateway said when it was asked
    at ``asked_real_at``; what was learnt after that instant is not undone by it.

    Returns what is to be done after the commit.
    """

    async def body(tx: Transaction) -> tuple[Effect, ...]:
        await demands.lock_families(tx, tenant_id, [seller_id])
        if isinstance(outcome, Disconnected):
            return await note_disconnected(tx, tenant_id, seller_id, moment)
        return await note_connected(tx, tenant_id, seller_id, asked_real_at, moment)

    return await ctx.db.run(body)
