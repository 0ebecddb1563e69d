"""Refunds and disputes, through the SDK and the hooks (R25)."""

import pytest

from tests.gateways.stripe_server.desk import Desk, refusal

HOUR_S = 3_600


async def test_r25_refunds_add_up_to_what_was_captured(desk: Desk) -> None:
    """Never more; then the charge is refunded."""
    paid = await desk.paid()
    for amount in (300, 200):
        refund = await desk.v1.refunds.create_async(
            {"payment_intent": paid.id, "amount": amount, "metadata": {"reference": "r"}}
        )
        assert (refund.status, refund.amount) == ("succeeded", amount)
    error = await refusal(desk.v1.refunds.create_async({"payment_intent": paid.id, "amount": 501}))
    assert error.http_status == 400
    rest = await desk.v1.refunds.create_async({"charge": paid.latest_charge})
    assert rest.amount == 500
    charge = await desk.v1.charges.retrieve_async(paid.latest_charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (1_000, True)
    assert [r.amount for r in charge.refunds.data] == [500, 200, 300]
    error = await refusal(desk.v1.refunds.create_async({"payment_intent": paid.id}))
    assert error.code == "charge_already_refunded"
    assert desk.moved(paid.id) == [1_000, -300, -200, -500]


async def test_r25_what_was_not_taken_is_not_refunded(desk: Desk) -> None:
    """Neither a fresh intent nor a hold."""
    for intent in (await desk.intent(), await desk.held()):
        error = await refusal(desk.v1.refunds.create_async({"payment_intent": intent.id}))
        assert error.code == "payment_intent_unexpected_state"
        assert desk.moved(intent.id) == []


async def test_r25_a_refund_may_be_pending(desk: Desk) -> None:
    """It arrives later; what is pending counts already."""
    paid = await desk.paid("pm_card_pendingRefund")
    refund = await desk.v1.refunds.create_async({"payment_intent": paid.id})
    assert refund.status == "pending"
    error = await refusal(desk.v1.refunds.create_async({"payment_intent": paid.id}))
    assert error.code == "charge_already_refunded"
    desk.server.advance(HOUR_S)
    assert (await desk.v1.refunds.retrieve_async(refund.id)).status == "succeeded"
    assert desk.hooks.events("refund.updated")


async def test_r25_a_refund_may_fail_later(desk: Desk) -> None:
    """The money is back, can be refunded again, and an event tells."""
    paid = await desk.paid("pm_card_refundFail")
    refund = await desk.v1.refunds.create_async({"payment_intent": paid.id, "amount": 400})
    assert refund.status == "succeeded"
    desk.server.advance(HOUR_S)
    failed = await desk.v1.refunds.retrieve_async(refund.id)
    assert failed.status == "failed" and failed.failure_reason
    charge = await desk.v1.charges.retrieve_async(paid.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert desk.moved(paid.id) == [1_000, -400, 400]
    assert desk.hooks.events("refund.failed")


async def test_r25_the_dashboard_refunds_too(desk: Desk) -> None:
    """Nobody's request was the cause; the event says so."""
    paid = await desk.paid()
    desk.hooks.refund(paid.id, 100)
    (event,) = desk.hooks.events("charge.refunded")
    assert event["request"]["id"] is None
    assert desk.moved(paid.id) == [1_000, -100]


async def test_r25_a_dispute_is_raised_lost_and_won_late(desk: Desk) -> None:
    """The money goes at once and comes back once; a refund meanwhile is refused."""
    paid = await desk.paid()
    made = desk.hooks.dispute(paid.id, 600)
    (seen,) = (await desk.v1.disputes.list_async({"payment_intent": paid.id})).data
    assert (seen.id, seen.status, seen.amount) == (made["id"], "needs_response", 600)
    assert (await desk.v1.charges.retrieve_async(paid.latest_charge)).disputed
    error = await refusal(desk.v1.refunds.create_async({"payment_intent": paid.id}))
    assert error.code == "charge_disputed"
    desk.hooks.decide(made["id"], "lost")
    assert (await desk.v1.disputes.retrieve_async(made["id"])).status == "lost"
    assert desk.moved(paid.id) == [1_000, -600]
    for _ in range(2):
        desk.hooks.decide(made["id"], "won")
        assert desk.moved(paid.id) == [1_000, -600, 600]
    kinds = [e["type"] for e in desk.hooks.events() if e["type"].startswith("charge.dispute")]
    assert kinds[:3] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed",
    ]  # fmt: skip
    assert "charge.dispute.funds_reinstated" in kinds


async def test_r25_an_inquiry_moves_no_money_until_it_grows(desk: Desk) -> None:
    """It may be closed, or become a dispute."""
    paid = await desk.paid()
    inquiry = desk.hooks.dispute(paid.id, inquiry=True)
    assert inquiry["status"] == "warning_needs_response"
    assert desk.moved(paid.id) == [1_000]
    assert desk.hooks.decide(inquiry["id"], "warning_closed")["status"] == "warning_closed"
    second = desk.hooks.dispute(paid.id, inquiry=True)
    assert desk.hooks.escalate(second["id"])["status"] == "needs_response"
    assert desk.moved(paid.id) == [1_000, -1_000]


@pytest.mark.parametrize(
    ("card", "amounts", "moved"),
    [
        ("createDispute", [1_000], [1_000, -1_000]),
        ("createDisputeProductNotReceived", [1_000], [1_000, -1_000]),
        ("createDisputeInquiry", [1_000], [1_000]),
        ("createMultipleDisputes", [500, 500], [1_000, -500, -500]),
    ],
)
async def test_r25_test_cards_that_are_disputed(
    desk: Desk, card: str, amounts: list[int], moved: list[int]
) -> None:
    """By themselves, once charged."""
    paid = await desk.paid(f"pm_card_{card}")
    found = await desk.v1.disputes.list_async({"charge": paid.latest_charge})
    assert [dispute.amount for dispute in found.data] == amounts
    assert desk.moved(paid.id) == moved


@pytest.mark.parametrize(
    ("words", "status", "moved"),
    [
        ("winning_evidence", "won", [1_000, -1_000, 1_000]),
        ("losing_evidence", "lost", [1_000, -1_000]),
    ],
)
async def test_r25_evidence_decides(desk: Desk, words: str, status: str, moved: list[int]) -> None:
    """Stripe's words for tests."""
    paid = await desk.paid("pm_card_createDispute")
    (dispute,) = (await desk.v1.disputes.list_async({"charge": paid.latest_charge})).data
    done = await desk.v1.disputes.update_async(
        dispute.id, {"evidence": {"uncategorized_text": words}, "submit": True}
    )
    assert done.status == status and desk.moved(paid.id) == moved
