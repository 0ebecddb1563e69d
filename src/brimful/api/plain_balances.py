"""What an account holds, answered by the shortest way: what is looked at before, and shown beside, every reply.

Who asks, of which account, and what that holds is one statement, for all who ask at the same time. Where that
finds nothing, it is for the route of `routes.accounts` to say why.
"""

from collections.abc import Mapping
from functools import partial

from brimful.api import present
from brimful.api.plain_answers import Asker, Told, answer, told_json
from brimful.api.plain_requests import PlainBalance
from brimful.db.together import Together
from brimful.ledger.balances import Stock, find_stocks
from brimful.wiring import Engine


class PlainBalances:
    """Answers the plain questions for balances of one process. Nothing is kept of one for the next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stocks = Together(self._read)

    def answer(self, plain: PlainBalance, asker: Asker) -> None:
        """Read it, and tell whoever asked."""
        asker.follow(answer(asker, partial(self._said, plain)))

    async def _said(self, plain: PlainBalance) -> Told | None:
        # What has ended by the business time of the request is not free (R36, R38).
        await self._engine.follow_clock()
        found = await self._stocks.of(plain)
        return None if found is None else _told(*found)

    async def _read(self, asked: list[PlainBalance]) -> Mapping[PlainBalance, tuple[Stock, Stock]]:
        found = await find_stocks(self._engine.ctx.db, asked, self._engine.now().at)
        return {PlainBalance(*who): stocks for who, stocks in found.items()}


def _told(credits: Stock, chatbots: Stock) -> Told:
    return told_json(present.balance(credits, chatbots).model_dump_json().encode())
