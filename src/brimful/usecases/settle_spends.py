"""Settling spends that arrived together, in one transaction (R2, R20, R39)."""

from collections.abc import Sequence

from brimful.domain.moment import Moment
from brimful.ledger import spends
from brimful.ledger.spends import NewSpend, Tried
from brimful.usecases.context import Context


async def settle_spends(
    ctx: Context, asked: Sequence[NewSpend], *, wait: bool, moment: Moment
) -> list[Tried]:
    """What becomes of each, as if they had come one after the other; committed when this returns.

    One that is short changes nothing. Whose account another transaction has is "busy", but for the
    account of the first when it is to ``wait`` for it: so a batch of several accounts holds up none.
    Raises DatabaseGone, and whatever a request makes PostgreSQL raise: then nothing is settled.
    """

    async def once() -> list[Tried]:
        return await spends.spend_many(ctx.db, asked, moment, wait=wait)

    return await ctx.db.repeat(once)
