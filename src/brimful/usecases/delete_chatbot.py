"""Deleting a chatbot frees its seat (R4)."""

from uuid import UUID

from brimful.billing import chatbots
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.ledger import balances, demands
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.outcomes import effects_of
from brimful.usecases.seats import resume_paused


async def delete_chatbot(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, chatbot_id: UUID, moment: Moment
) -> tuple[Effect, ...] | Missing:
    """Delete a chatbot; the seat of an active one is free at once and offered to what waits for one,
    then to the account's paused chatbots."""

    async def body(tx: Transaction) -> tuple[Effect, ...] | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        before = await chatbots.delete(tx, tenant_id, account_id, chatbot_id, moment)
        if before is None:
            return Missing(what="chatbot")
        if before == "paused":
            return ()
        await balances.free_seat(tx, tenant_id, account_id, chatbot_id, moment)
        moved = await demands.offer_stock(
            tx, tenant_id=tenant_id, account_id=account_id, moment=moment
        )
        await resume_paused(tx, tenant_id, account_id, moment)
        return effects_of(tenant_id, moved)

    return await ctx.db.run(body)
