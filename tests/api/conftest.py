"""Worlds that are made once for all tests of a file, and one that spends."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from brimful.db.transaction import connect
from brimful.ledger.audit import audit
from tests.api.tree import Tree, grown_tree
from tests.builders.http import Caller, caller, serving_api
from tests.builders.world import World, running_world, small_world
from tests.conftest import fresh_database


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tree(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Tree]:
    """Grown once: nearly all that is asked leaves it as it was."""
    mail = tmp_path_factory.mktemp("mail")
    async with fresh_database(server, template) as dsn, grown_tree(dsn, mail) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A small world, one for all tests of a file: what they ask leaves it as it was."""
    async with fresh_database(server, template) as dsn:
        db = await connect(dsn)
        try:
            async with running_world(db, tmp_path_factory.mktemp("mail")) as world:
                await small_world(world)
                yield world
            findings = await audit(db)
            assert not findings, findings
        finally:
            await db.close()


@pytest.fixture
async def agency(world: World) -> AsyncIterator[Caller]:
    """The agency's calls; it has 100 credits, its client 50, of which a reply costs 25, and neither buys
    automatically."""
    await small_world(world)
    await world.rate("Agency", "gpt-4", 25)
    await world.stock("Agency", credits=150)
    await world.stock("Client 1", credits=50)
    for name in ("Agency", "Client 1"):
        await world.auto_billing(name, enabled=False)
    await world.settle()
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Agency") as one,
    ):
        yield one
