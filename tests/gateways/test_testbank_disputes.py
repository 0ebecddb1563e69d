"""R44: disputes and late failures at testbank, as holders of cards and merchants' dashboards make them."""

import pytest

from brimful_testbank.bank import Bank, Refused
from brimful_testbank.cards import Behaviour
from brimful_testbank.journal import Journal


@pytest.fixture
def bank() -> Bank:
    """A bank without a file."""
    return Bank(Journal(None))


def captured(bank: Bank) -> str:
    """A payment of 1,000 that is taken."""
    card = bank.save_method("shop", None, "tok_success")
    wish = {
        "customer": card["customer"], "method": card["id"], "amount": 1_000, "currency": "USD",
        "capture": "automatic", "description": "", "metadata": {},
    }  # fmt: skip
    made = bank.create("shop", wish)
    bank.confirm("shop", made["id"])
    return str(made["id"])


def moved(bank: Bank) -> list[int]:
    """Every movement of the merchant's money, by the journal."""
    return [effect["amount"] for effect in bank.journal.effects() if effect["amount"]]


def test_r25_a_dispute_withdraws_the_money_until_it_is_won(bank: Bank) -> None:
    """An inquiry does not; lost is lost, and a late win brings the money back."""
    payment = captured(bank)
    first = bank.dispute(payment, 400, "inquiry")["disputes"][0]["id"]
    assert moved(bank) == [1_000]
    for state in ("open", "lost", "won"):
        bank.move_dispute(payment, first, state)
    assert moved(bank) == [1_000, -400, 400]
    bank.dispute(payment, None)
    assert moved(bank) == [1_000, -400, 400, -1_000]
    with pytest.raises(Refused, match="not the merchant's"):
        bank.refund("shop", payment, 1)


def test_r25_a_refund_may_wait_and_may_fail_as_late_as_it_likes(bank: Bank) -> None:
    """What failed can be refunded again, and a failure is the last word."""
    payment = captured(bank)
    fingerprint = bank.methods[bank.payments[payment]["method"]]["fingerprint"]
    bank.overrides[fingerprint] = Behaviour(refund_pending=True)
    [refund] = bank.refund("shop", payment, 1_000)["refunds"]
    assert refund["state"] == "pending"
    for state in ("succeeded", "failed", "succeeded"):
        bank.end_refund(payment, refund["id"], state)
    assert bank.payments[payment]["refunds"][0]["state"] == "failed"
    assert moved(bank) == [1_000, -1_000, 1_000]
    assert bank.refund("shop", payment, 1_000)["refunded"] == 1_000
