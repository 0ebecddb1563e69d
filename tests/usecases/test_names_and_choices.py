"""R12, R39: an external id is one agency's, and what an owner allows must be on offer."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from asyncpg import UniqueViolationError

from brimful.billing.accounts import Account, Platform
from brimful.usecases.answers import Missing
from brimful.usecases.open_account import open_account
from tests.builders.world import World, small_world


async def open_below(world: World, parent: Account | Platform, external_id: str) -> Any:
    """Open an account with an id of its seller's."""
    return await open_account(
        world.engine.ctx, parent=parent, name="Another", sells=True, currency="USD", zone="UTC",
        owner_name="Owner", owner_email="owner@example.com", external_id=external_id,
        key=world.key(), body_hash=b"", moment=world.engine.clock.moment(),
    )  # fmt: skip


async def test_r39_an_external_id_is_one_account_of_a_seller(world: World) -> None:
    """Of the platform, too, whose agencies are each a tenant of their own."""
    await small_world(world)
    agency = await world.account("Agency")
    for parent in (world.platform, agency):
        assert isinstance(await open_below(world, parent, "crm-1"), UUID)
        with pytest.raises(UniqueViolationError):
            await open_below(world, parent, "crm-1")


async def test_r12_only_packages_on_offer_can_be_allowed(world: World) -> None:
    """A package of nobody's, or of chatbots, is none that a cover is made of; nothing is changed."""
    await small_world(world)
    seats = await world.db.fetchval("select package_id from package where kind = 'extra_chatbots'")
    for package in (uuid4(), seats):
        answer = await world.auto_billing("Agency", allowed_packages=[package])
        assert answer == Missing(what="package")
    allowed = await world.db.fetchval(
        "select allowed_packages from auto_billing_setting where account_id = $1",
        world.names["Agency"],
    )
    assert allowed is None
