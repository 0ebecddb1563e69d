"""A saved card that its network replaced, or that somebody detached, at every gateway: read as it is now."""

from dataclasses import replace

import pytest

from brimful.db.transaction import Database, NetworkInTransaction
from brimful.domain.disconnection import Disconnected
from brimful.domain.payment import Created, NotFound, Removed, SavedMethod, Unknown, Unreachable
from tests.gateways.rigs import Rig


async def test_r29_a_card_is_read_as_its_network_has_it(rig: Rig) -> None:
    """The same id and customer throughout: first as it was saved, then with another expiry, by which
    it stays the same card, then with another number, by which it does not."""
    saved = await rig.method("good")
    named = {"account_ref": rig.account_ref, "method_id": saved.method_id}
    assert await rig.connections.read_method(**named) == saved
    rig.replace(saved.method_id, None, (3, 2041))
    renewed = await rig.connections.read_method(**named)
    assert renewed == replace(saved, exp_month=3, exp_year=2041)
    rig.replace(saved.method_id, "mastercard", (4, 2042))
    other = await rig.connections.read_method(**named)
    assert isinstance(other, SavedMethod)
    assert other.fingerprint != saved.fingerprint
    assert other == replace(
        saved, fingerprint=other.fingerprint, brand="mastercard", last4="4444", exp_month=4,
        exp_year=2042,
    )  # fmt: skip
    made = await rig.create(method=saved)
    assert isinstance(made, Created), "it is charged under the id that it always had"


async def test_r27_a_card_that_is_gone_is_not_found(rig: Rig) -> None:
    """Removed, never there, or another account's: no card that could be charged."""
    saved = await rig.method("good")
    read = rig.connections.read_method
    assert await read(account_ref=rig.other_ref, method_id=saved.method_id) == NotFound()
    assert await read(account_ref=rig.account_ref, method_id="pm_nobody_has") == NotFound()
    named = {"account_ref": rig.account_ref, "method_id": saved.method_id}
    assert isinstance(await rig.gateway.remove_method(**named), Removed)
    assert await read(**named) == NotFound()


async def test_r10_a_card_in_an_account_that_is_closed_to_us_is_not_called_gone(rig: Rig) -> None:
    """Nobody shows it, and it is there when the account is open again."""
    saved = await rig.method("good", rig.other_ref)
    named = {"account_ref": rig.other_ref, "method_id": saved.method_id}
    rig.connect(rig.other_ref, False)
    assert await rig.connections.read_method(**named) == Disconnected()
    rig.connect(rig.other_ref, True)
    assert await rig.connections.read_method(**named) == saved


async def test_r22_a_card_without_an_answer_is_neither(rig: Rig) -> None:
    """Nobody there proves nothing."""
    seen = await rig.nobody.read_method(  # type: ignore[attr-defined]
        account_ref=rig.account_ref, method_id="pm_any"
    )
    assert isinstance(seen, Unknown | Unreachable)


async def test_r21_a_card_is_not_read_while_a_transaction_is_open(rig: Rig, db: Database) -> None:
    """No call leaves then."""
    with pytest.raises(NetworkInTransaction):
        async with db.transaction():
            await rig.connections.read_method(account_ref=rig.account_ref, method_id="pm_any")
