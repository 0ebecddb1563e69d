"""Which gateway an engine charges at, by the settings (R44)."""

import pytest

from brimful.gateways.stripe.adapter import Stripe
from brimful.gateways.testbank.adapter import Testbank
from brimful.runtime import NO_GATEWAY, engine_of
from brimful.settings import Settings, WrongSettings, read_settings

BANK = "http://127.0.0.1:9"


async def test_r44_a_key_of_stripe_makes_stripe_the_gateway(dsn: str) -> None:
    """Its pages are offered, and a lease outlasts the two calls of a step."""
    settings = read_settings(stripe_key="sk_test_brimful", stripe_url=BANK, stripe_timeout_s=30)
    async with engine_of(settings, dsn) as engine:
        assert isinstance(engine.gateway, Stripe) and engine.pages is engine.gateway
        assert engine.ctx.gateway == "stripe" and engine.driver.lease_s >= 2 * 30
    longer = read_settings(stripe_key="rk_test_brimful", lease_s=600)
    async with engine_of(longer, dsn) as engine:
        assert engine.driver.lease_s == 600


async def test_r44_without_one_it_is_a_testbank_or_nothing(dsn: str) -> None:
    """Never silently none."""
    async with engine_of(Settings(testbank_url=BANK), dsn) as engine:
        assert isinstance(engine.gateway, Testbank) and engine.ctx.gateway == "testbank"
        assert engine.driver.lease_s == Settings().lease_s
    with pytest.raises(WrongSettings, match=NO_GATEWAY):
        async with engine_of(Settings(), dsn):
            pass


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"production": True}, "test key"),
        ({"stripe_key": "sk_live_x"}, "live key"),
        ({"stripe_key": "sk_live_x", "production": True, "stripe_url": BANK}, "for tests"),
        ({"testbank_url": BANK}, "two gateways"),
        ({"test_clock": True}, "testbank"),
        ({"stripe_key": "whsec_x"}, "takes a secret or restricted key"),
    ],
)
def test_r44_gateways_and_modes_are_not_mixed(given: dict[str, object], told: str) -> None:
    """In one line, and the key is not in it."""
    with pytest.raises(WrongSettings, match=told) as wrong:
        read_settings(**{"stripe_key": "sk_test_secret", **given})
    assert "\n" not in str(wrong.value) and "secret_" not in str(wrong.value)
    assert "sk_test_secret" not in str(wrong.value) and "whsec_x" not in str(wrong.value)


def test_r44_a_live_key_goes_with_production() -> None:
    """And is nowhere in what settings say of themselves."""
    settings = read_settings(
        stripe_key="sk_live_hush", production=True,
        public_url="https://billing.example.com", smtp_url="smtp://h",
    )  # fmt: skip
    assert settings.stripe_key == "sk_live_hush" and "hush" not in repr(settings)
