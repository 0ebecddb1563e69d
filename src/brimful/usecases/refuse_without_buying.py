"""Refusing spends of accounts that do not buy by themselves, many at once (R16, R27)."""

from collections.abc import Sequence
from uuid import UUID

from brimful.billing.buyers import find_not_buying
from brimful.domain.moment import Moment
from brimful.domain.planning import why_off
from brimful.domain.reason import Reason, Refuse
from brimful.ledger.balances import read_final_free
from brimful.ledger.spends import NewSpend
from brimful.usecases.context import Context
from brimful.usecases.refuse_client import without_buying


async def refuse_without_buying(
    ctx: Context, short: Sequence[NewSpend], moment: Moment
) -> dict[UUID, Refuse]:
    """Of spends that were just found short, by their ids, those for which nothing can come: the owner
    has not switched auto-billing on, nobody waits, no hold is over, no renewal is due or under way.

    They are answered as ``spend_credits`` would, one by one, and as there nothing is kept of them. It is
    read for all of them together, because whoever has no credits and buys none is asked again before
    every reply.
    """
    if not short:
        return {}
    accounts = list(dict.fromkeys((new.tenant_id, new.account_id) for new in short))
    # In this order: whoever is switched on, or renewed, between the two brings something that the second
    # read sees.
    allowed = await find_not_buying(ctx.db, accounts, moment.at)
    quiet = [one for one in accounts if one[1] in allowed]
    free = await read_final_free(ctx.db, quiet, moment) if quiet else {}
    return {
        new.spend_id: without_buying(
            new.account_id, Reason.insufficient_credits, why_off(allowed[new.account_id])
        )
        for new in short
        if new.account_id in allowed and free.get(new.account_id, new.credits) < new.credits
    }
