"""A Stripe server of our own with the unmodified SDK pointed at it."""

from collections.abc import AsyncIterator

import pytest

from tests.gateways.stripe_server.desk import Desk, desk_at
from tests.stripe_server.server import serving


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """The SDK with the platform's test key."""
    async with serving() as (url, server):
        made = desk_at(url, server)
        yield made
        await made.close()
        assert server.crashes == []
