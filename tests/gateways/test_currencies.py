"""R26: the contract of amounts: each currency's step is kept, and each amount means the same money."""

from datetime import UTC, datetime, timedelta

import pytest

from brimful.domain.money import charge_limit_minor, charge_step_minor
from brimful.domain.payment import Captured, Held, Refunded, Refused
from brimful.gateways.records import RecordsPage
from tests.gateways.rigs import Rig, stripe

DAY = timedelta(days=1)
# Of each kind: three decimals that end in 0, none written as two, two written as none, and the usual.
CURRENCIES = ["KWD", "BHD", "JOD", "OMR", "TND", "ISK", "UGX", "MGA", "JPY", "HUF", "USD"]


@pytest.mark.parametrize("currency", CURRENCIES)
async def test_r26_an_amount_is_the_same_money_there_and_back(rig: Rig, currency: str) -> None:
    """Held, taken in part, refunded in part, read back, listed: always in our minor units."""
    least = rig.gateway.minimum_minor(currency)
    assert least % charge_step_minor(currency) == 0
    made = await rig.payment(currency=currency, amount_minor=4 * least)
    assert isinstance(await rig.confirm(made), Held)
    taken = await rig.capture(made, 3 * least, currency=currency)
    assert taken == Captured(payment_id=made, amount_minor=3 * least, currency=currency)
    back = await rig.refund(made, least, currency=currency)
    assert isinstance(back, Refunded)
    assert (back.amount_minor, back.total_minor) == (least, least)
    seen = await rig.look_up(made)
    assert isinstance(seen, Captured)
    assert (seen.amount_minor, seen.refunded_minor) == (3 * least, least)
    assert [refund.amount_minor for refund in seen.refunds] == [least]
    now = datetime.now(UTC)
    listed = await rig.records.list_payments(
        account_ref=rig.account_ref, since=now - DAY, before=now + DAY
    )
    assert isinstance(listed, RecordsPage)
    [record] = [one for one in listed.records if one.payment_id == made]
    assert (record.amount_minor, record.captured_minor, record.refunded_minor) == (
        4 * least,
        3 * least,
        least,
    )


@pytest.mark.parametrize("currency", ["KWD", "BHD", "JOD", "OMR", "TND", "MGA"])
async def test_r26_amounts_between_the_steps_are_refused(rig: Rig, currency: str) -> None:
    """KWD 1.255 is never charged, taken or refunded; the payment stays what it was."""
    step = charge_step_minor(currency)
    least = rig.gateway.minimum_minor(currency)
    for amount in (least + 1, least + step - 1):
        refused = await rig.create(currency=currency, amount_minor=amount)
        assert isinstance(refused, Refused) and refused.code == "amount_between_steps"
    made = await rig.payment(currency=currency, amount_minor=2 * least)
    held = await rig.confirm(made)
    off = await rig.capture(made, least + 1, currency=currency)
    assert isinstance(off, Refused)
    assert await rig.look_up(made) == held
    done = await rig.capture(made, 2 * least, currency=currency)
    assert isinstance(await rig.refund(made, step + 1, currency=currency), Refused)
    assert await rig.look_up(made) == done


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "ISK", "UGX", "MGA", "IDR"])
async def test_r26_what_one_charge_can_be_of_at_most(rig: Rig, currency: str) -> None:
    """All of it is charged, a step more is refused before anything is."""
    most, step = charge_limit_minor(currency), charge_step_minor(currency)
    refused = await rig.create(currency=currency, amount_minor=most + step)
    assert isinstance(refused, Refused) and refused.code == "amount_too_large"
    made = await rig.payment(currency=currency, amount_minor=most, capture="automatic")
    taken = await rig.confirm(made)
    assert isinstance(taken, Captured) and taken.amount_minor == most


@pytest.mark.parametrize(
    ("currency", "ours", "theirs"),
    [("ISK", 1_500, 150_000), ("UGX", 5_000, 500_000), ("MGA", 900_000, 9_000),
     ("KWD", 1_250, 1_250), ("JPY", 1_500, 1_500), ("TWD", 15_000, 15_000)],
)  # fmt: skip
async def test_r26_what_is_asked_of_stripe_is_the_price(
    currency: str, ours: int, theirs: int
) -> None:
    """1,500 krónur are 150,000 of Stripe's units, 9,000.00 ariary are 9,000."""
    async with stripe() as rig:
        made = await rig.payment(currency=currency, amount_minor=ours, capture="automatic")
        assert isinstance(await rig.confirm(made), Captured)
        assert rig.moved(made) == [theirs]
