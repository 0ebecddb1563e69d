"""R25, R46: money that goes back, or not after all, once its account is closed or its lot has ended."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from brimful.usecases.refund_charge import RefundBegun
from brimful_testbank.cards import Behaviour
from brimful_testbank.faults import Rule
from tests.builders.held import until
from tests.builders.holds import held, release
from tests.builders.reversals import (
    charge_of,
    debts,
    dispute,
    end_refund,
    move_dispute,
    refund,
    refund_elsewhere,
    told,
)
from tests.builders.year import STARTS, Year
from tests.usecases.test_hostile_payer import work_until_idle

DAY = timedelta(days=1)


async def offered(year: Year, **terms: Any) -> Any:
    """A client, and an agency that has 1,000 credits and sells them for $10.00. Returns the package."""
    await year.open("Agency", sells=True)
    await year.stock("Agency", credits=1_000)
    await year.open("Client", "Agency")
    await year.card("Client")
    return await year.package("Agency", 1_000, credits=1_000, **terms)


async def sold(year: Year, **terms: Any) -> dict[str, Any]:
    """The client bought them. Returns the charge."""
    assert isinstance(await year.buy("Client", await offered(year, **terms)), Bought)
    await year.settle()
    return await charge_of(year, "Client")


async def given_back(year: Year, charge: dict[str, Any], amount_minor: int | None = None) -> Any:
    """The agency refunds by the API, and all that follows is done."""
    answer = await refund(year, "Client", charge["charge_id"], amount_minor)
    await year.settle()
    return answer


async def fail_refund(year: Year, charge: dict[str, Any]) -> None:
    """The last refund of a payment has failed, as the gateway tells now."""
    last = year.desk.bank.payments[charge["payment_id"]]["refunds"][-1]
    await end_refund(year, charge["payment_id"], last["id"], "failed")


async def stocks(year: Year) -> tuple[int, int, int]:
    """Credits: free and lapsed at the client, free at the agency, as of now."""
    for name in ("Client", "Agency"):
        account = await year.account(name)
        await year.db.execute(
            "select settle_v1($1, $2, $3)", account.tenant_id, account.account_id, year.now
        )
    client = await year.credits("Client")
    return client.free, client.lapsed, (await year.credits("Agency")).free


async def test_r25_r46_a_dispute_after_closing_gives_back_nothing_that_a_refund_took(
    year: Year,
) -> None:
    """Half was refunded, the other half went back when the account was closed. A dispute of the rest,
    after the end of the credits, moves nothing, pauses nothing, and lost it leaves no debt."""
    charge = await sold(year, expires_after_days=30)
    await refund_elsewhere(year, charge["payment_id"], 500)
    await year.close("Client")
    await year.until(STARTS + 40 * DAY)
    opened = await dispute(year, charge["payment_id"], 500)
    assert await stocks(year) == (0, 0, 1_000)
    await move_dispute(year, charge["payment_id"], opened, "lost")
    assert await stocks(year) == (0, 0, 1_000)
    assert await debts(year, "Agency") == []
    assert await told(year, "Client", "paused") == []


async def test_r25_r46_what_lapsed_with_a_closed_account_can_be_refunded(year: Year) -> None:
    """Of a month's 1,000 credits 400 are used and 600 lapse when the account is closed: $6.00 can go
    back, and again when that refund failed. What goes back beyond is a debt of what was used."""
    charge = await sold(year, interval="month")
    assert isinstance(await year.spend("Client", 400), SpendDone)
    await year.close("Client")
    assert isinstance(await given_back(year, charge), RefundBegun)
    assert year.desk.bank.payments[charge["payment_id"]]["refunded"] == 600
    await fail_refund(year, charge)
    assert isinstance(await given_back(year, charge), RefundBegun)
    assert year.desk.bank.payments[charge["payment_id"]]["refunded"] == 600
    assert await stocks(year) == (0, 600, 0)
    assert await debts(year, "Agency") == []
    await refund_elsewhere(year, charge["payment_id"], 400)
    assert await debts(year, "Agency") == [400]


async def test_r25_r46_what_was_set_aside_when_a_plan_lapsed_with_its_account_goes_to_the_seller(
    year: Year,
) -> None:
    """A refund of $4.00 is under way when the account is closed, and 600 credits lapse: its own 400 stay
    set aside, and are the seller's once it has gone through."""
    charge = await sold(year, interval="month")
    year.desk.bank.overrides[charge["fingerprint"]] = Behaviour(refund_pending=True)
    assert isinstance(await given_back(year, charge, 400), RefundBegun)
    await year.close("Client")
    [pending] = year.desk.bank.payments[charge["payment_id"]]["refunds"]
    await end_refund(year, charge["payment_id"], pending["id"], "succeeded")
    assert await stocks(year) == (0, 600, 400)
    assert await debts(year, "Agency") == []


@pytest.mark.parametrize("terms", [{"expires_after_days": 30}, {"interval": "month"}])
async def test_r25_r46_what_was_held_at_the_closing_is_taken_and_no_debt(
    year: Year, terms: dict[str, Any]
) -> None:
    """A dispute is lost while 600 of 1,000 credits are held, and the account is closed. When the hold
    ends unused, the seller has them all again, by the dispute, and nothing is owed."""
    charge = await sold(year, **terms)
    hold_id = await held(year, "Client", 600)
    lost = await dispute(year, charge["payment_id"])
    await move_dispute(year, charge["payment_id"], lost, "lost")
    assert await debts(year, "Agency") == [600]
    await year.close("Client")
    await release(year, "Client", hold_id)
    for _ in range(2):
        await year.engine.take_up_due_work()
        await year.settle()
    assert await stocks(year) == (0, 0, 1_000)
    assert await debts(year, "Agency") == []
    emptied = "select emptied_at is not null from account where account_id = $1"
    assert await year.db.fetchval(emptied, year.names["Client"])


async def test_r17_r25_r46_a_plan_captured_after_the_closing_can_be_refunded(year: Year) -> None:
    """It was paid, and the answer lost, when the account was closed: what it brought lapses with the
    account, and goes back whole without a debt, here and at the gateway's dashboard."""
    package = await offered(year, interval="month")
    year.desk.faults.rules.append(Rule("lost_after", verb="confirm", times=1))
    year.desk.faults.close_gate("look_up")
    buying = asyncio.create_task(year.buy("Client", package))
    await until(lambda: _is_taken(year))
    closing = asyncio.create_task(year.close("Client"))
    await until(lambda: _is_closed(year))
    year.desk.faults.open_gate("look_up")
    await asyncio.gather(buying, closing)
    await work_until_idle(year)
    assert await stocks(year) == (0, 1_000, 0)
    charge = await charge_of(year, "Client")
    assert isinstance(await given_back(year, charge, 300), RefundBegun)
    await refund_elsewhere(year, charge["payment_id"], 700)
    assert await stocks(year) == (0, 1_000, 0)
    assert await debts(year, "Agency") == []
    assert await told(year, "Client", "paused") == []


async def _is_taken(year: Year) -> bool:
    return year.taken() == [1_000]


async def _is_closed(year: Year) -> bool:
    return (await year.account("Client")).state == "closed"


async def test_r17_r25_what_a_failed_refund_gives_back_does_not_lapse_at_once(year: Year) -> None:
    """Refunded on the 10th day of 30, failed on the 40th: for 20 days more they can be spent, or be
    refunded again."""
    charge = await sold(year, interval="month")
    await year.cancel("Client")
    await year.until(STARTS + 10 * DAY)
    assert isinstance(await given_back(year, charge), RefundBegun)
    assert await stocks(year) == (0, 0, 1_000)
    await year.until(STARTS + 40 * DAY)
    await fail_refund(year, charge)
    assert await stocks(year) == (1_000, 0, 0)
    assert isinstance(await year.spend("Client", 100), SpendDone)
    await year.until(STARTS + 59 * DAY)
    assert isinstance(await given_back(year, charge, 300), RefundBegun)
    assert await stocks(year) == (600, 0, 300)
    await year.until(STARTS + 61 * DAY)
    assert await stocks(year) == (0, 600, 300)
    assert await debts(year, "Agency") == []


@pytest.mark.parametrize("lost", [False, True])
async def test_r25_what_a_dispute_kept_away_can_be_spent_as_long_as_before(
    year: Year, lost: bool
) -> None:
    """A part is disputed from the 10th day of 30 to the 40th, and won, after it was lost too. What was
    never away lapses in its time; the part has its 20 days yet, and lapses once."""
    charge = await sold(year, expires_after_days=30)
    await year.until(STARTS + 10 * DAY)
    opened = await dispute(year, charge["payment_id"], 700)
    await year.until(STARTS + 35 * DAY)
    if lost:
        await move_dispute(year, charge["payment_id"], opened, "lost")
    await year.until(STARTS + 40 * DAY)
    assert await stocks(year) == (0, 300, 700 if lost else 0)
    await move_dispute(year, charge["payment_id"], opened, "won")
    assert await stocks(year) == (700, 300, 0)
    await year.until(STARTS + 59 * DAY)
    assert await stocks(year) == (700, 300, 0)
    await year.until(STARTS + 61 * DAY)
    assert await stocks(year) == (0, 1_000, 0)


async def test_r25_r46_what_lapsed_in_its_time_before_the_closing_counts_as_used(
    year: Year,
) -> None:
    """Of a month 300 lapsed at its end, and 700 were disputed and came back after it; these lapse with
    the account when it is closed. So $7.00 can be refunded, and not a cent more."""
    charge = await sold(year, interval="month")
    await year.cancel("Client")
    opened = await dispute(year, charge["payment_id"], 700)
    await year.until(STARTS + 31 * DAY)
    await move_dispute(year, charge["payment_id"], opened, "won")
    await year.close("Client")
    assert await stocks(year) == (0, 1_000, 0)
    refused = await given_back(year, charge, 701)
    assert isinstance(refused, Refuse) and refused.reason is Reason.refund_beyond_unspent
    assert isinstance(await given_back(year, charge), RefundBegun)
    assert year.desk.bank.payments[charge["payment_id"]]["refunded"] == 700
    assert await debts(year, "Agency") == []


async def test_r25_time_away_is_counted_once_however_many_refunds_fail(year: Year) -> None:
    """Two refunds are under way, from the 5th and the 10th day of 30, and fail on the 15th and the
    20th: on the 15th credits were away for seven and a half days in the mean, and for five more on the
    20th, so the lot ends after 42 and a half."""
    charge = await sold(year, expires_after_days=30)
    year.desk.bank.overrides[charge["fingerprint"]] = Behaviour(refund_pending=True)
    for day in (5, 10):
        await year.until(STARTS + day * DAY)
        assert isinstance(await given_back(year, charge, 400), RefundBegun)
    every = year.desk.bank.payments[charge["payment_id"]]["refunds"]
    for day, one in zip((15, 20), [one["id"] for one in every], strict=True):
        await year.until(STARTS + day * DAY)
        await end_refund(year, charge["payment_id"], one, "failed")
    assert await year.db.fetchval("select away_since from reversal") is None
    ends = await year.db.fetchval(
        "select expires_at from lot where account_id = $1", year.names["Client"]
    )
    assert abs(ends - (STARTS + 42.5 * DAY)) < timedelta(hours=1)
    assert await stocks(year) == (1_000, 0, 0)


async def test_r25_a_refund_that_stays_prolongs_nothing_beside_one_that_fails(year: Year) -> None:
    """A dollar of ten was refunded on the first day, and stays so. Nine are refunded on the 21st, and
    that fails on the 22nd: they were away for a day, and the dollar for its tenth part of twenty more."""
    charge = await sold(year, expires_after_days=30)
    year.desk.bank.overrides[charge["fingerprint"]] = Behaviour(refund_pending=True)
    assert isinstance(await given_back(year, charge, 100), RefundBegun)
    await year.until(STARTS + 20 * DAY)
    assert isinstance(await given_back(year, charge, 900), RefundBegun)
    await year.until(STARTS + 21 * DAY)
    await fail_refund(year, charge)
    ends = await year.db.fetchval(
        "select expires_at from lot where account_id = $1", year.names["Client"]
    )
    assert abs(ends - (STARTS + 33 * DAY)) < timedelta(hours=1)
    assert (await stocks(year))[0] == 900
