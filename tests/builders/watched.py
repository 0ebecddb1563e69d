"""Settling that a test watches and holds up."""

import asyncio
from collections.abc import Sequence

from brimful.domain.moment import Moment
from brimful.ledger.spends import NewSpend, Tried
from brimful.usecases.settle_spends import settle_spends
from tests.builders.world import World


class Watched:
    """Settles for real; remembers the calls, and keeps them waiting while it is shut."""

    def __init__(self, world: World) -> None:
        self._ctx = world.engine.ctx
        self.calls: list[list[NewSpend]] = []
        self.under_way = self.most_under_way = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(
        self, asked: Sequence[NewSpend], *, wait: bool, moment: Moment
    ) -> list[Tried]:
        self.calls.append(list(asked))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.open.wait()
            return await settle_spends(self._ctx, asked, wait=wait, moment=moment)
        finally:
            self.under_way -= 1
