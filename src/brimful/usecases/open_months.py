"""Opening the months that entries will be dated in, before they come."""

from datetime import datetime

import structlog

from brimful.db.address import LockedByOthers
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment
from brimful.domain.period import month_at
from brimful.ledger import months
from brimful.usecases.context import Context

_log = structlog.get_logger()

# So many months are open ahead of the present one.
AHEAD = 2


async def open_months(ctx: Context, *, moment: Moment, present: bool) -> int:
    """Have a partition for the entries of each of the next months, and of the ``present`` one, while
    nobody writes entries yet; how many were opened.

    Where that has to wait for others it is left to the next time: entries of a month that is not open
    are kept all the same, in the default partition.
    """
    opened = 0
    for ahead in range(0 if present else 1, 1 + AHEAD):
        at = month_at(moment.at, ahead)

        async def body(tx: Transaction, at: datetime = at) -> bool:
            return await months.open_entry_month(tx, at)

        try:
            opened += await ctx.db.run(body)
        except LockedByOthers:
            _log.warning("month_not_opened", month=f"{at:%Y-%m}")
    return opened
