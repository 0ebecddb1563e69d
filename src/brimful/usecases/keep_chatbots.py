"""Which chatbots an owner wants to keep when there are seats for fewer (R31)."""

from uuid import UUID

from brimful.billing import chatbots
from brimful.billing.chatbots import OwnChatbot
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.ledger import demands
from brimful.usecases.answers import Missing
from brimful.usecases.context import Context
from brimful.usecases.seats import choose_again


async def keep_chatbots(
    ctx: Context, *, tenant_id: UUID, account_id: UUID, keep: list[UUID], moment: Moment
) -> list[OwnChatbot] | Missing:
    """Let the account's seats go to the chatbots chosen, then to the oldest, now and whenever there
    are too few; the others pause. Returns the chatbots as they are then. Each must be one of the
    account's, active or paused (else Missing, and nothing changes)."""

    async def body(tx: Transaction) -> list[OwnChatbot] | Missing:
        await demands.lock_pools(tx, tenant_id, account_id)
        own = {one.chatbot_id for one in await chatbots.read_own(tx, tenant_id, account_id)}
        if not own.issuperset(keep):
            return Missing(what="chatbot")
        await chatbots.keep(tx, tenant_id, account_id, keep)
        return await choose_again(tx, tenant_id, account_id, moment)

    return await ctx.db.run(body)
