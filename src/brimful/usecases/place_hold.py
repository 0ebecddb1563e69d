"""Holding credits before the work is done: a spend with another ending (R39)."""

from brimful.domain.moment import Moment
from brimful.ledger import holds
from brimful.ledger.spends import NewHold, Tried
from brimful.usecases.context import Context


async def place_hold(ctx: Context, new: NewHold, moment: Moment) -> Tried:
    """Set aside what is asked for if it is free. What is short changes nothing, and goes the way of
    any spend (``spend_credits``): the same demand, the same wait, held by the transaction that grants
    what was missing."""

    async def once() -> Tried:
        return await holds.place_hold(ctx.db, new, moment)

    return await ctx.db.repeat(once)
