"""Warning of what is to come, once an hour of business time and once an episode (R33, R42)."""

from functools import partial

import asyncpg
import structlog

from brimful.db.address import TookTooLong
from brimful.db.sqlfile import load
from brimful.domain.effect import Effect, MailDue
from brimful.domain.moment import Moment
from brimful.domain.warning import EVERY
from brimful.usecases.context import Context
from brimful.usecases.warn_balances import warn_of_balances
from brimful.usecases.warn_renewals import warn_of_cards, warn_of_renewals, warn_of_shortages

_log = structlog.get_logger()
_sql = partial(load, "brimful.usecases")

_SCANS = (warn_of_balances, warn_of_shortages, warn_of_renewals, warn_of_cards)


async def warn_due(ctx: Context, *, moment: Moment) -> tuple[Effect, ...]:
    """Tell owners what will hurt: credits that run out with nothing to buy more, renewals that the
    seller's pool or the buyer's card will not carry, cards about to expire.

    Does nothing when another process did so within the hour. A notice promised before is not
    promised again, so a scan that is cut short costs an hour's delay and no more.
    """
    if await ctx.db.fetchval(_sql("take_turn"), "warn", moment.at, moment.at + EVERY) is None:
        return ()
    for scan in _SCANS:
        try:
            await scan(ctx, moment)
        except (asyncpg.PostgresError, TookTooLong):
            _log.exception("warning_failed", scan=scan.__name__)
    return (MailDue(),)
