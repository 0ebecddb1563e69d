"""R26: what one charge can be of, and purchases that no card can be charged for."""

import pytest

from brimful.domain.caps import Spent
from brimful.domain.chargeable import not_chargeable, refuse_amounts
from brimful.domain.cover import Pack
from brimful.domain.money import DECIMALS, MAX_MINOR, charge_limit_minor, charge_step_minor
from brimful.domain.planning import Buy
from brimful.domain.reason import Reason, Refuse
from brimful.domain.seats import SeatOffer
from tests.domain.makers import a_buyer, an_offer, bought, decide, needs

MOST = 99_999_999
LARGE = an_offer([Pack(package_id="large", credits=10, price_minor=60_000_000)])


@pytest.mark.parametrize(
    ("currency", "most"),
    [("USD", MOST), ("JPY", MOST), ("KWD", 99_999_990), ("ISK", 999_999), ("UGX", 999_999),
     ("MGA", 9_999_999_900), ("IDR", 999_999_999_999)],
)  # fmt: skip
def test_r26_the_most_of_each_currency(currency: str, most: int) -> None:
    """Eight digits as Stripe writes it, twelve of the rupiah, in whole steps; one step more is not
    charged."""
    assert charge_limit_minor(currency) == most
    assert not_chargeable(most, currency) is None
    assert not_chargeable(most + charge_step_minor(currency), currency) is Reason.charge_too_large


def test_r26_every_currency_has_a_most_in_whole_steps() -> None:
    """No more than what a request may name, but in the rupiah."""
    for currency in DECIMALS:
        most = charge_limit_minor(currency)
        assert not_chargeable(most, currency) is None and not_chargeable(0, currency) is None
        assert most < MAX_MINOR or currency == "IDR"


def test_r26_the_first_amount_that_does_not_fit_is_told() -> None:
    """With the figure that it should fit."""
    assert refuse_amounts("a", "KWD", (0, 1_250, 99_999_990)) is None
    between = refuse_amounts("a", "KWD", (1_250, 1_255, 10**9))
    assert between is not None
    assert (between.reason, between.detail) == (Reason.amount_between_steps, {"step_minor": 10})
    large = refuse_amounts("a", "KWD", (10**9, 1_255))
    assert large is not None
    assert (large.reason, large.detail) == (Reason.charge_too_large, {"most_minor": 99_999_990})


def test_r26_what_is_too_much_by_itself_is_refused() -> None:
    """Two packs are 120,000,000: no cap stands against it, no card can be charged it."""
    refused = decide(a_buyer(), needs(20), LARGE)
    assert isinstance(refused, Refuse)
    assert refused.each == (("a", Reason.charge_too_large),)


def test_r26_what_is_too_much_only_together_waits_for_the_next() -> None:
    """The first is bought for; the second is neither served nor refused."""
    buy = bought(a_buyer(), needs(10, 10), LARGE)
    assert [served.demand_id for served in buy.served] == ["a"]
    assert (buy.refused, buy.amount_minor) == ((), 60_000_000)


def test_r26_what_is_collected_counts() -> None:
    """The charge would be a minor unit too much with what is outstanding."""
    pack = an_offer([Pack(package_id="one", credits=10, price_minor=MOST - 30)])
    for outstanding, fits in ((30, True), (31, False)):
        buyer = a_buyer(spent=Spent(outstanding_minor=outstanding))
        assert isinstance(decide(buyer, needs(10), pack), Buy) is fits


def test_r26_a_later_period_has_to_be_chargeable_too() -> None:
    """Three chatbots of 40,000,000 each could not be renewed, whatever is left of this period."""
    seats = an_offer(seats=[SeatOffer(package_id="s", price_minor=40_000_000, interval="month")])
    refused = decide(a_buyer(), needs((0, 3), children=["child"]), seats)
    assert isinstance(refused, Refuse) and refused.reason is Reason.charge_too_large
    assert bought(a_buyer(), needs((0, 2), children=["child"]), seats).amount_minor == 80_000_000


def test_r26_a_cover_between_the_steps_is_refused() -> None:
    """A pack of KWD 1.255 that was published before; two of them are KWD 2.510."""
    packs = [Pack(package_id="old", credits=10, price_minor=1_255)]
    offer = type(LARGE)(currency="KWD", packs=tuple(packs), seats=(), version="1")
    refused = decide(a_buyer(), needs(10), offer)
    assert isinstance(refused, Refuse) and refused.reason is Reason.amount_between_steps
    assert bought(a_buyer(), needs(20), offer).amount_minor == 2_510
