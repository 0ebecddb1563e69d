"""Spends as they are asked for."""

from uuid import UUID

from brimful.billing import keys
from brimful.db.ids import new_id
from brimful.domain.reason import Refuse
from brimful.ledger.spends import NewSpend
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
    spend_id = new_id()
    return await world.engine.spend_with_key(
        secret_hash=keys.hash_of(await key_for(world, by or name)),
        account_id=world.names[name],
        wait_ms=60_000,
        key=str(spend_id),
        body_hash=str(credits).encode(),
        credits=credits,
        model=None,
        messages=None,
    )
