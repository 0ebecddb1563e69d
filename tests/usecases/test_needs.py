"""R33, R31: a seller's needs are of the renewals that will be, by what was chosen for each period's end."""

from datetime import timedelta

from brimful.billing.needs import read_needs
from brimful.billing.upcoming import find_short_sellers, find_unpayable_renewals
from brimful.usecases.answers import Bought
from brimful.usecases.change_plan import ChangeRecorded
from tests.builders.moving import JUNE, MAY, merchant, move, two_sellers
from tests.builders.year import Year
from tests.usecases.test_buy_ahead import forecasts, look

CLIENTS = ("Stays", "Ends", "Shrinks", "Moves")


async def four_clients(year: Year) -> None:
    """Four clients of North on a plan of 5,000 credits, all that North had: five minutes before May one
    goes on, one is cancelled, one will be on a plan of 1,000 for $8.00, and one moves to South."""
    await two_sellers(year)
    plan = await year.package("North", 3_000, credits=5_000, interval="month", name="Large")
    small = await year.package("North", 800, credits=1_000, interval="month", name="Small")
    for name in CLIENTS:
        await year.open(name, "North")
        await year.card(name)
        assert isinstance(await year.buy(name, plan), Bought)
    await year.settle()
    await year.cancel("Ends")
    assert await year.change("Shrinks", small) == ChangeRecorded()
    await move(year, "Moves", "South")
    await year.until(MAY - timedelta(minutes=5))


async def test_r33_r31_only_what_will_be_renewed_is_bought_for(year: Year) -> None:
    """6,000 credits are needed on each 1st, not 20,000: so many are forecast and bought ahead."""
    await four_clients(year)
    north = await year.account("North")
    needs = await read_needs(
        year.db, north.tenant_id, north.account_id, at=year.now, until=JUNE + timedelta(days=1)
    )
    assert [(need.at, need.credits) for need in needs] == [(MAY, 6_000), (JUNE, 6_000)]
    await forecasts(year, "North", renewals=True)
    await look(year)
    assert year.taken(await merchant(year, "Agency")) == [1_800]
    assert (await year.credits("North")).free == 6_000
    await year.until(MAY)
    assert (await year.credits("North")).free == 0
    assert year.taken(await merchant(year, "Agency")) == [1_800]


async def test_r42_r31_nobody_is_warned_of_a_renewal_that_will_not_be(year: Year) -> None:
    """The seller hears of what is short for two renewals; of the owners without a card those of the two,
    one of them at the price of its next plan."""
    await four_clients(year)
    [short] = await find_short_sellers(year.db, year.now, MAY + timedelta(hours=1))
    assert (short["credits"], short["clients"], short["first_due_at"]) == (6_000, 2, MAY)
    await year.db.execute(
        "update payment_method set removed_at = created_at where account_id = any ($1::uuid[])",
        [year.names[name] for name in CLIENTS],
    )
    rows = await find_unpayable_renewals(year.db, year.now, MAY + timedelta(hours=1))
    told = {row["account_id"]: (row["plans"], row["amount_minor"]) for row in rows}
    assert told == {
        year.names["Stays"]: (["Large"], 3_000),
        year.names["Shrinks"]: (["Small"], 800),
    }
