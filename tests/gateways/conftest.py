"""Every gateway in turn."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.gateways.rigs import RIGS, Rig


@pytest.fixture(params=list(RIGS))
async def rig(request: Any) -> AsyncIterator[Rig]:
    """One gateway with what the contract needs to test it."""
    async with RIGS[request.param]() as made:
        yield made
