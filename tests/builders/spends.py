"""Spends as they are asked for."""

import asyncio
from uuid import UUID

from brimful.billing import keys
from brimful.db.ids import new_id
from brimful.domain.reason import Refuse
from brimful.ledger.spends import UNKNOWN_TENANT, NewSpend, Tried
from brimful.usecases.answers import KeyConflict, Pending, SpendDone
from tests.builders.http import key_for
from tests.builders.world import World


def new_spend(
    tenant_id: UUID, account_id: UUID, credits: int, *, key: str | None = None
) -> NewSpend:
    """So many credits of an account, under a key of its own unless one is named."""
    spend_id = new_id()
    return NewSpend(
        tenant_id=tenant_id,
        account_id=account_id,
        key=key or str(spend_id),
        body_hash=str(credits).encode(),
        spend_id=spend_id,
        credits=credits,
        model=None,
        messages=None,
    )


async def spend_with_key(
    world: World, name: str, credits: int, *, by: str | None = None
) -> SpendDone | Pending | Refuse | KeyConflict | None:
    """What whoever has a key is told of a spend: one of the account itself, or of another ``by`` name."""
    new = new_spend(UNKNOWN_TENANT, world.names[name], credits)
    new = new._replace(secret_hash=keys.hash_of(await key_for(world, by or name)))
    heard: asyncio.Future[Tried | Exception | None] = asyncio.get_running_loop().create_future()
    world.engine.spending.try_with_key(new, heard.set_result)
    tried = await heard
    assert isinstance(tried, Tried)
    if tried.is_simply_done:
        return SpendDone(tried.spend_id, tried.credits, tried.balance_after or 0)
    return await world.engine.spending.after_trying(new, 60_000, tried)
