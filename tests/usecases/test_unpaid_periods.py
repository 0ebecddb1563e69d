"""R17, R25: a year whose money has all gone back is granted no further months, and counts nothing."""

from datetime import datetime
from uuid import UUID

from brimful.usecases.answers import Bought
from tests.builders.reversals import charge_of, dispute, move_dispute, refund_elsewhere
from tests.builders.year import Year
from tests.usecases.test_change_plan import JUNE, MAY, MIDDLE

YEAR = 12_000
JULY = datetime.fromisoformat("2027-07-01T09:00:00+00:00")
NEXT_YEAR = datetime.fromisoformat("2028-04-01T09:00:00+00:00")


async def on_a_year(year: Year, *names: str) -> UUID:
    """An agency with 20,000 credits and 9 chatbots, and clients of it on a plan of $120.00 a year with
    1,000 credits a month and 2 chatbots, which begins in this hour. Returns the plan."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=20_000, chatbots=9)
    plan = await year.package("Agency", YEAR, credits=1_000, chatbots=2, interval="year")
    for name in names:
        await year.open(name, "Agency")
        await year.card(name)
        assert isinstance(await year.buy(name, plan), Bought)
    await year.settle()
    return plan


async def payment_of(year: Year, name: str) -> str:
    """The last payment of an account."""
    return str((await charge_of(year, name))["payment_id"])


async def told(year: Year, name: str) -> list[tuple[str, str]]:
    """What an owner was told of its plan: the kind and the title."""
    notices = [one for one in await year.notices(name) if one["kind"].startswith("subscription_")]
    return [(one["kind"], one["title"]) for one in notices]


async def test_r17_r25_a_year_whose_money_went_back_ends_at_its_next_month(year: Year) -> None:
    """All refunded, or lost by a dispute: it ends in May, its chatbots go back, its owner is told. One
    that was refunded but for a cent goes on, and so does one whose dispute is not decided, until it is.
    Nobody is charged."""
    names = ("Refunded", "Lost", "Partly", "Open")
    await on_a_year(year, *names)
    payments = {name: await payment_of(year, name) for name in names}
    taken = year.taken()
    await refund_elsewhere(year, payments["Refunded"], YEAR)
    lost = await dispute(year, payments["Lost"])
    await move_dispute(year, payments["Lost"], lost, "lost")
    await refund_elsewhere(year, payments["Partly"], YEAR - 1)
    undecided = await dispute(year, payments["Open"])

    await year.until(MAY)

    states = {name: (await year.subscription(name))["state"] for name in names}
    assert states == {"Refunded": "ended", "Lost": "ended", "Partly": "active", "Open": "active"}
    assert [(await year.credits(name)).free for name in names] == [0, 0, 1_000, 1_000]
    assert [(await year.chatbots(name)).received for name in names] == [0, 0, 2, 2]
    assert (await year.chatbots("Agency")).free == 5
    for name in ("Refunded", "Lost"):
        [(kind, _)] = await told(year, name)
        assert kind == "subscription_ended"
    await move_dispute(year, payments["Open"], undecided, "lost")
    await year.until(JUNE)
    assert (await year.subscription("Open"))["state"] == "ended"
    assert (await year.subscription("Partly"))["state"] == "active"
    assert year.taken() == taken


async def test_r17_r31_what_clients_hold_of_it_stays_without_its_credits(year: Year) -> None:
    """Branch has sold a chatbot on, which cannot be taken from its client: its plan brings no credits
    until the year is over, and is paid for again then."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=20_000, chatbots=9)
    plan = await year.package("Agency", YEAR, credits=1_000, chatbots=2, interval="year")
    await year.open("Branch", "Agency", sells=True)
    await year.card("Branch")
    assert isinstance(await year.buy("Branch", plan), Bought)
    await year.open("Client", "Branch")
    await year.stock("Client", chatbots=1)
    await refund_elsewhere(year, await payment_of(year, "Branch"), YEAR)
    await year.until(MAY)
    await year.until(JUNE)
    held = await year.subscription("Branch")
    assert (held["state"], held["due_at"], held["chatbots"]) == ("active", NEXT_YEAR, 2)
    assert (await year.credits("Branch")).free == 0
    [(kind, title)] = await told(year, "Branch")
    assert kind == "subscription_kept" and title.endswith("brings no more credits")
    await year.until(NEXT_YEAR)
    assert (await year.credits("Branch")).free == 1_000
    assert year.taken((await year.account("Agency")).merchant_ref) == [YEAR, YEAR]


async def test_r17_r37_nothing_is_left_of_money_that_went_back_for_an_upgrade(year: Year) -> None:
    """One whose year was charged back pays the whole price of a larger plan, in the same hour even, and
    has its whole credits; one that paid a difference first does not keep the year for that."""
    await on_a_year(year, "Before", "After")
    larger = await year.package("Agency", 13_000, credits=1_500, chatbots=2, interval="year")
    bank = (await year.account("Agency")).merchant_ref
    payments = {name: await payment_of(year, name) for name in ("Before", "After")}
    lost = await dispute(year, payments["Before"])
    await move_dispute(year, payments["Before"], lost, "lost")

    preview = await year.preview("Before", larger)
    assert (preview.purchase.charge_minor, preview.credits_now) == (13_000, 1_500)
    assert isinstance(await year.change("Before", larger), Bought)
    assert year.taken(bank) == [YEAR, YEAR, 13_000]
    assert (await year.credits("Before")).free == 1_500
    await year.until(MIDDLE)
    assert isinstance(await year.change("After", larger), Bought)
    assert year.taken(bank)[3] < 1_000
    lost = await dispute(year, payments["After"])
    await move_dispute(year, payments["After"], lost, "lost")

    await year.until(MAY)

    assert (await year.subscription("Before"))["state"] == "active"
    assert (await year.credits("Before")).free == 1_500
    assert (await year.subscription("After"))["state"] == "ended"
    # What its difference brought for April, which it paid for.
    assert (await year.credits("After")).received == 250


async def test_r17_r25_a_larger_year_is_granted_for_as_long_as_what_was_kept_pays(
    year: Year,
) -> None:
    """Three quarters of $480.00 are the difference to a larger plan, and are charged back: the $120.00
    that stay pay for three of its twelve months. Where the difference stays, it goes on."""
    await on_a_year(year, "Kept", "Back")
    larger = await year.package("Agency", 48_000, credits=4_000, chatbots=2, interval="year")
    for name in ("Kept", "Back"):
        assert isinstance(await year.change(name, larger), Bought)
    await year.settle()
    assert year.taken((await year.account("Agency")).merchant_ref)[2:] == [36_000, 36_000]
    payment = await payment_of(year, "Back")
    lost = await dispute(year, payment)
    await move_dispute(year, payment, lost, "lost")

    await year.until(MAY)
    await year.until(JUNE)
    assert (await year.subscription("Back"))["state"] == "active"
    assert (await year.credits("Back")).free == 4_000
    granted = (await year.credits("Back")).received
    await year.until(JULY)

    assert (await year.subscription("Back"))["state"] == "ended"
    assert (await year.subscription("Kept"))["state"] == "active"
    assert (await year.credits("Back")).received == granted
    assert (await year.credits("Kept")).free == 4_000


async def test_r17_r25_a_year_that_a_month_was_made_into_within_its_hour_is_paid_for_itself(
    year: Year,
) -> None:
    """A month for $10.00 and, in the same hour, a year of it for $120.00, less the month: what was paid
    for the year is charged back, so it ends with the month that was paid for."""
    await year.open("Agency", sells=True)
    await year.stock("Agency", credits=20_000, chatbots=9)
    await year.open("Client", "Agency")
    await year.card("Client")
    terms = {"credits": 1_000, "chatbots": 2}
    monthly = await year.package("Agency", 1_000, interval="month", **terms)
    yearly = await year.package("Agency", YEAR, interval="year", **terms)
    assert isinstance(await year.buy("Client", monthly), Bought)
    await year.settle()
    assert isinstance(await year.change("Client", yearly), Bought)
    await year.settle()
    payment = await payment_of(year, "Client")
    lost = await dispute(year, payment)
    await move_dispute(year, payment, lost, "lost")
    await year.until(MAY)
    assert (await year.subscription("Client"))["state"] == "ended"
    assert (await year.credits("Client")).received == 1_000
    assert year.taken((await year.account("Agency")).merchant_ref) == [1_000, YEAR - 1_000]


async def test_r17_r25_a_difference_that_went_back_pays_for_none_of_its_months(year: Year) -> None:
    """Six months at $10.00, then months at $40.00 whose difference of $180.00 was charged back: the
    $120.00 that stay pay for one of these and begin a second, not for the year's first months."""
    await on_a_year(year, "Client")
    larger = await year.package("Agency", 48_000, credits=4_000, chatbots=2, interval="year")
    for month in (5, 6, 7, 8, 9, 10):
        await year.until(MAY.replace(month=month))
    assert isinstance(await year.change("Client", larger), Bought)
    await year.settle()
    payment = await payment_of(year, "Client")
    lost = await dispute(year, payment)
    await move_dispute(year, payment, lost, "lost")
    states = []
    for month in (11, 12):
        await year.until(MAY.replace(month=month))
        states.append((await year.subscription("Client"))["state"])
    assert states == ["active", "ended"]


async def test_r17_r37_what_had_gone_back_before_a_period_began_anew_is_not_counted_in_it(
    year: Year,
) -> None:
    """Within one hour: a year, a difference that is charged back, and a larger year at its whole price
    less the year that stayed. That is paid for, and goes on."""
    await on_a_year(year, "Client")
    larger = await year.package("Agency", 48_000, credits=4_000, chatbots=2, interval="year")
    largest = await year.package("Agency", 60_000, credits=5_000, chatbots=2, interval="year")
    assert isinstance(await year.change("Client", larger), Bought)
    await year.settle()
    payment = await payment_of(year, "Client")
    lost = await dispute(year, payment)
    await move_dispute(year, payment, lost, "lost")
    before = (await year.credits("Client")).received

    assert isinstance(await year.change("Client", largest), Bought)
    await year.settle()

    assert year.taken((await year.account("Agency")).merchant_ref)[-1] == 60_000 - YEAR
    assert (await year.credits("Client")).received - before == 4_000
    for month in (5, 6, 7, 8, 9, 10, 11):
        await year.until(MAY.replace(month=month))
    assert (await year.subscription("Client"))["state"] == "active"
    assert (await year.credits("Client")).free == 5_000
