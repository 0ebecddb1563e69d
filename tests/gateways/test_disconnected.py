"""A seller's account that is closed to the platform, at every gateway: said plainly, whatever is asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brimful.db.transaction import Database, NetworkInTransaction
from brimful.domain.disconnection import Connected, Disconnected
from brimful.domain.payment import (
    DISCONNECTED,
    Canceled,
    Created,
    Held,
    MethodRefused,
    PaymentOutcome,
    Refused,
    Removed,
    Unknown,
    Unreachable,
)
from tests.gateways.rigs import Rig, key


async def test_r10_an_account_is_read_as_open_or_closed(rig: Rig) -> None:
    """Until its owner closes it to us, and when it is opened again; others are as they were."""
    made = await rig.pages.onboarding_page(
        account_ref=None, reference=key(), email="owner@example.com", return_url="https://a.example"
    )
    assert not isinstance(made, Refused | Unknown | Unreachable)
    for connected, seen in ((True, Connected()), (False, Disconnected()), (True, Connected())):
        rig.connect(made.account_ref, connected)
        assert await rig.connections.read_account(account_ref=made.account_ref) == seen


async def test_r10_every_verb_says_that_an_account_is_closed(rig: Rig) -> None:
    """No verb takes it for a decline, an outage or an answer; nothing is done, and all is as it was
    when it is open again."""
    account = rig.other_ref
    method = await rig.method("good", account)
    named = {"account_ref": account}
    held, waiting = [await rig.payment(account_ref=account, method=method) for _ in range(2)]
    confirm: dict[str, Any] = {**named, "off_session": True}
    await rig.gateway.confirm(payment_id=held, idempotency_key=key(), **confirm)
    rig.connect(account, False)
    on_held = {**named, "payment_id": held}
    keyed = {**on_held, "idempotency_key": key()}
    answers: list[object] = [
        await rig.create(account_ref=account, method=method),
        await rig.gateway.confirm(payment_id=waiting, idempotency_key=key(), **confirm),
        await rig.gateway.capture(**keyed, amount_minor=1_000, currency="USD"),
        await rig.gateway.cancel(**{**keyed, "idempotency_key": (cancel := key())}),
        await rig.gateway.refund(
            **{**keyed, "idempotency_key": key()}, amount_minor=1, currency="USD"
        ),
        await rig.gateway.look_up(**on_held),
        await rig.gateway.remove_method(**named, method_id=method.method_id),
        await rig.records.list_payments(**named, since=ago(1), before=ago(-1)),
    ]
    assert all(isinstance(one, Refused) and one.code == DISCONNECTED for one in answers), answers
    found = await rig.gateway.find(**named, reference="any")
    assert isinstance(found, Unknown)
    saved = await rig.gateway.save_method(**named, customer_id=None, token=rig.cards["good"])
    assert isinstance(saved, MethodRefused)
    rig.connect(account, True)
    states: list[PaymentOutcome] = [
        await rig.gateway.look_up(**named, payment_id=one) for one in (held, waiting)
    ]
    assert isinstance(states[0], Held) and isinstance(states[1], Created)
    done = await rig.gateway.cancel(**on_held, idempotency_key=cancel)
    assert isinstance(done, Canceled), "what was refused for it is done under the same key"
    removed = await rig.gateway.remove_method(**named, method_id=method.method_id)
    assert isinstance(removed, Removed)


async def test_r22_an_account_without_an_answer_is_neither(rig: Rig) -> None:
    """Nobody there proves nothing."""
    seen = await rig.nobody.read_account(account_ref=rig.other_ref)  # type: ignore[attr-defined]
    assert isinstance(seen, Unknown | Unreachable)


async def test_r21_an_account_is_not_read_while_a_transaction_is_open(
    rig: Rig, db: Database
) -> None:
    """No call leaves then."""
    with pytest.raises(NetworkInTransaction):
        async with db.transaction():
            await rig.connections.read_account(account_ref=rig.other_ref)


def ago(hours: int) -> datetime:
    """An instant so many hours back."""
    return datetime.now(UTC) - timedelta(hours=hours)
