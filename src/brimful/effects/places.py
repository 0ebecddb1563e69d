"""Places for work of many accounts: some at a time, of one account fewer, let in as they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID


class Places:
    """So many places in all, and so many ``of_account``."""

    def __init__(self, count: int, of_account: int) -> None:
        self._places, self._most_of_account = asyncio.Semaphore(count), of_account
        self._of_account: dict[UUID, asyncio.Semaphore] = {}
        # How many wait for a place or have one, of each account and in all.
        self._asking: dict[UUID, int] = {}
        self._all = 0

    def __len__(self) -> int:
        """How many wait for a place or have one."""
        return self._all

    @asynccontextmanager
    async def place(self, account_id: UUID, within_s: float | None = None) -> AsyncIterator[bool]:
        """A place for an account. False where there was none within so many seconds of real time; without
        ``within_s`` it is waited for as long as it takes."""
        own = self._of_account.setdefault(account_id, asyncio.Semaphore(self._most_of_account))
        self._asking[account_id] = self._asking.get(account_id, 0) + 1
        self._all += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(within_s):
                        await held.enter_async_context(own)
                        await held.enter_async_context(self._places)
                    came = True
                except TimeoutError:
                    came = False
                yield came
        finally:
            self._all -= 1
            self._asking[account_id] -= 1
            if not self._asking[account_id]:
                del self._asking[account_id], self._of_account[account_id]
