"""The test gateway's own promises: its journal outlives it."""

from pathlib import Path

from brimful.domain.payment import Captured, Created, Held, Refused, SavedMethod
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.journal import read_journal
from brimful_testbank.server import serving, take
from tests.builders.sockets import sends_at_once


async def test_r44_a_bank_that_starts_again_knows_what_it_did(tmp_path: Path) -> None:
    """Cards, holds and keys are as they were; a capture sent again is the same movement."""
    journal = tmp_path / "testbank.db"
    account = {"account_ref": "platform"}
    answers = []
    payment_id = method_id = customer_id = ""
    for life in range(3):
        async with serving(journal=journal) as (url, _):
            gateway = Testbank(url)
            if not life:
                saved = await gateway.save_method(**account, customer_id=None, token="tok_success")
                assert isinstance(saved, SavedMethod)
                method_id, customer_id = saved.method_id, saved.customer_id
            made = await gateway.create(
                **account,
                customer_id=customer_id,
                method_id=method_id,
                amount_minor=1_000,
                currency="USD",
                capture="manual",
                idempotency_key="create",
                description="2,000 credits",
                metadata={"reference": "one"},
            )
            assert isinstance(made, Created)
            payment_id = payment_id or made.payment_id
            assert made.payment_id == payment_id
            named = {**account, "payment_id": payment_id}
            held = await gateway.confirm(**named, idempotency_key="confirm", off_session=True)
            assert isinstance(held, Held)
            answers.append(
                await gateway.capture(
                    **named, amount_minor=1_000, currency="USD", idempotency_key="capture"
                )
            )
            other = await gateway.capture(
                **named, amount_minor=999, currency="USD", idempotency_key="capture"
            )
            assert isinstance(other, Refused)
            await gateway.close()
    assert answers == [Captured(payment_id=payment_id, amount_minor=1_000, currency="USD")] * 3
    kinds = [(effect["kind"], effect["amount"]) for effect in read_journal(journal)]
    assert kinds == [("created", 0), ("held", 0), ("captured", 1_000)]


async def test_r44_a_bank_sends_its_answers_at_once() -> None:
    """Their bodies do not wait until the caller confirms the heads."""
    assert await sends_at_once(take(0))
