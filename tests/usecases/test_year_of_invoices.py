"""R37, R26: a year of invoices at odd prices adds up to the minor unit, in currencies of 2, 0 and 3
decimals. The oracle knows the calendar and halves that go up, and nothing of the code."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest

from brimful.usecases.answers import Bought
from brimful.usecases.change_plan import ChangeRecorded
from tests.builders.year import STARTS, Year


@dataclass(frozen=True)
class Prices:
    """Minor units: a small plan and a large one by the month, a chatbot by the year."""

    currency: str
    small: int
    large: int
    chatbot: int
    # What a card is charged in.
    step: int = 1


ODD = [
    Prices("USD", 3_333, 9_999, 9_997),
    Prices("JPY", 1_001, 3_007, 10_007),
    Prices("KWD", 10_330, 33_330, 99_990, step=10),
    Prices("IQD", 10_337, 33_331, 99_991),
]


def half_up(amount: Fraction, step: int) -> int:
    """To what can be charged, halves up."""
    return step * floor(amount / step + Fraction(1, 2))


def left(at: datetime, starts: datetime, ends: datetime) -> Fraction:
    """The share of a period that is left."""
    return Fraction((ends - at) // timedelta(hours=1), (ends - starts) // timedelta(hours=1))


def first_of(month: int) -> datetime:
    """The boundary in the so-manieth month from April on."""
    year, place = divmod(3 + month, 12)
    return datetime(2027 + year, place + 1, 1, 9, tzinfo=UTC)


def expected(prices: Prices) -> list[int]:
    """Each charge of the year, in its order."""
    upgraded, joined = (
        STARTS + timedelta(days=9, hours=5),
        first_of(2) + timedelta(days=16, hours=7),
    )
    step = prices.step
    share = left(upgraded, STARTS, first_of(1))
    up = half_up(prices.large * share, step) - half_up(prices.small * share, step)
    seats = Fraction(3 * prices.chatbot, 12)
    join = half_up(seats * left(joined, first_of(2), first_of(3)), step)
    charges = [prices.small, up, prices.large, prices.large, join]
    charges += [prices.large + half_up(seats, step)] * 3  # July to September
    charges += [prices.small + half_up(seats, step)] * 2  # October and November, after a downgrade
    charges += [
        prices.small + half_up(Fraction(prices.chatbot, 12), step)
    ] * 4  # 2 chatbots released
    return charges


@pytest.mark.parametrize("prices", ODD, ids=lambda prices: prices.currency)
async def test_r37_r26_a_year_of_invoices_adds_up_to_the_minor_unit(
    year: Year, prices: Prices
) -> None:
    """An upgrade in the first month, chatbots in the third, a downgrade, a release, and the end."""
    await year.open("Agency", sells=True, currency=prices.currency)
    await year.card("Agency")
    await year.stock("Agency", credits=200_000, chatbots=50)
    small = await year.package("Agency", prices.small, credits=999, chatbots=1, interval="month")
    large = await year.package("Agency", prices.large, credits=2_777, chatbots=2, interval="month")
    seat = await year.package("Agency", prices.chatbot, kind="extra_chatbots", interval="year")
    await year.open("Client", "Agency", currency=prices.currency)
    await year.card("Client")
    assert isinstance(await year.buy("Client", small), Bought)
    await year.until(STARTS + timedelta(days=9, hours=5))
    assert isinstance(await year.change("Client", large), Bought)
    for month in (1, 2):
        await year.until(first_of(month))
    await year.until(first_of(2) + timedelta(days=16, hours=7))
    assert isinstance(await year.buy("Client", seat, 3), Bought)
    for month in (3, 4, 5):
        await year.until(first_of(month))
    assert await year.change("Client", small) == ChangeRecorded()
    for month in (6, 7):
        await year.until(first_of(month))
    await year.release("Client", 2)
    for month in (8, 9, 10, 11):
        await year.until(first_of(month))
    await year.cancel("Client")
    await year.cancel("Client", "extra_chatbots")
    await year.until(first_of(12))
    await _adds_up(year, prices)


async def _adds_up(year: Year, prices: Prices) -> None:
    charges = year.taken((await year.account("Agency")).merchant_ref)
    assert charges == expected(prices)
    lines = await year.db.fetchval("select sum(amount_minor) from purchase_line")
    assert lines == sum(charges)
    assert await year.db.fetchval("select count(*) from subscription where state <> 'ended'") == 0
    seats = await year.chatbots("Client")
    assert (seats.received, seats.free) == (0, 0)
    assert (await year.chatbots("Agency")).free == 50
