"""The same scenarios on our server and, when there is a key, on Stripe's own sandbox (R44).

`BRIMFUL_STRIPE_SANDBOX_KEY` must be a test key (`sk_test_...`); without one the sandbox is skipped.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe

from tests.gateways.stripe_server.scenarios import SCENARIOS
from tests.stripe_server.core import TEST_KEY
from tests.stripe_server.server import serving

SANDBOX = "BRIMFUL_STRIPE_SANDBOX_KEY"


@pytest.fixture(params=["ours", "sandbox"])
async def v1(request: Any) -> AsyncIterator[Any]:
    """The services of the SDK, on one server or the other."""
    http: Any = stripe.HTTPXClient(timeout=30)
    if request.param == "ours":
        async with serving() as (url, _):
            client = stripe.StripeClient(
                TEST_KEY, base_addresses={"api": url}, max_network_retries=0, http_client=http
            )
            yield client.v1
    else:
        key = os.environ.get(SANDBOX, "")
        if not key.startswith(("sk_test_", "rk_test_")):
            pytest.skip(f"Stripe's own sandbox was not asked: {SANDBOX} holds no test key")
        yield stripe.StripeClient(key, max_network_retries=2, http_client=http).v1
    await http.close_async()


@pytest.mark.parametrize("name", SCENARIOS)
async def test_r44_scenario(v1: Any, name: str) -> None:
    """What is seen is what is expected."""
    scenario = SCENARIOS[name]
    seen = await scenario.play(v1)
    assert seen.keys() == scenario.expected.keys()
    wrong = {
        what: value for what, value in seen.items() if not _fits(value, scenario.expected[what])
    }
    assert wrong == {}


def _fits(value: Any, expected: Any) -> bool:
    return value in expected if isinstance(expected, frozenset) else bool(value == expected)
