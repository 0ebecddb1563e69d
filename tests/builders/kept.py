"""Rows that somebody else keeps, who says nothing, and a process that does not wait long for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from brimful.db.limits import Limits
from brimful.db.transaction import connect
from brimful.usecases.context import Context
from tests.builders.world import World

POOL = "select from pool where account_id = $1 for update"
_ROWS_OF = "select from {} where account_id = $1 for update"
_TABLES = ("pool", "balance", "credit_hold", "subscription")


@asynccontextmanager
async def kept(
    world: World, dsn: str, name: str, only: str | None = None
) -> AsyncIterator[Context]:
    """While somebody else, who says nothing, keeps all rows of an account, or what ``only`` reads of
    it: a process that waits for a lock for half a second."""
    db = await connect(dsn, size_max=2, limits=Limits(lock_s=0.5))
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            for read in [only] if only else [_ROWS_OF.format(table) for table in _TABLES]:
                await other.execute(read, world.names[name])
            yield replace(world.engine.ctx, db=db)
    finally:
        await other.close()
        await db.close()
