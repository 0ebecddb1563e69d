"""What networks do to saved cards, and the events by which a gateway tells of it."""

import itertools
import time
from datetime import UTC, datetime
from typing import Any

from brimful.domain.payment import Event
from brimful.usecases.receive_event import receive_event
from tests.builders.world import World

_ids = itertools.count()


async def card_of(world: World, name: str) -> dict[str, Any]:
    """An account's primary card as we have it on file."""
    row = await world.db.fetchrow(
        "select * from payment_method "
        "where account_id = $1 and removed_at is null and role = 'primary'",
        world.names[name],
    )
    assert row is not None
    return dict(row)


def said(card: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A new event about a saved card, as testbank tells it, but for ``other``."""
    event = {
        "id": f"evt_of_a_card_{next(_ids)}", "kind": "method.updated", "mode": "test",
        "account": card["gateway_account"], "method": card["gateway_method"],
        "created": int(time.time()), "metadata": {},
    }  # fmt: skip
    return {**event, **other}


async def hear(world: World, card: dict[str, Any]) -> None:
    """An event about a saved card comes in, where nobody posts any, and is handled."""
    event = Event(
        event_id=f"evt_of_a_card_{next(_ids)}",
        kind="method.updated",
        mode="test",
        account_ref=card["gateway_account"],
        payment_id=None,
        amount_minor=None,
        currency=None,
        created_at=datetime.now(UTC),
        metadata={},
        method_id=card["gateway_method"],
    )
    effects = await receive_event(world.engine.ctx, event=event, moment=world.engine.now())
    assert effects
    world.engine.run(effects)
    await world.settle()


async def replace_card(
    world: World, name: str, token: str | None = "tok_success_2", *, exp_year: int = 2039
) -> None:
    """The network replaces an account's card, by another number or (None) only another expiry, and
    the gateway tells."""
    card = await card_of(world, name)
    other = None if token is None else f"{token}#{name} replaced"
    world.desk.bank.replace_method(card["gateway_method"], other, exp_year=exp_year)
    await hear(world, card)
