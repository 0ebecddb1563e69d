"""The audit proves the books: an honest world has no finding, and every check finds its own (R43)."""

import contextlib

import pytest

from brimful.db.transaction import Database
from brimful.ledger.audit import Finding, audit, checks
from tests.ledger.tamperings import TAMPERINGS


class _Undo(Exception):
    """Ends a tampering without a trace."""


async def findings_after(books: Database, *tamperings: str) -> list[Finding]:
    """What the audit finds after changes to the rows, which are undone again."""
    found: list[Finding] = []
    with contextlib.suppress(_Undo):
        async with books.transaction() as tx:
            for sql in tamperings:
                assert not (await tx.execute(sql)).endswith(" 0"), f"nothing to change: {sql}"
            found += await audit(tx)  # type: ignore[arg-type]
            raise _Undo
    return found


async def test_r43_an_honest_world_has_no_finding(books: Database) -> None:
    """It is no empty world either: every table that a check reads has rows."""
    assert await audit(books) == []
    kinds = await books.fetch(
        "select distinct mode, state, automatic from purchase order by 1, 2, 3"
    )
    assert [tuple(row) for row in kinds] == [
        ("charge", "delivered", False),
        ("charge", "delivered", True),
        ("charge", "failed", True),
        ("hold", "delivered", False),
        ("hold", "delivered", True),
        ("receivable", "delivered", False),
    ]


@pytest.mark.parametrize("check", checks())
async def test_r43_every_check_finds_what_contradicts_it(books: Database, check: str) -> None:
    """A check without a tampering is not proved, and fails here."""
    [tenant] = await books.fetch("select distinct tenant_id from account")
    for what, sql in TAMPERINGS[check].items():
        found = await findings_after(books, sql)
        own = [finding for finding in found if finding.check == check]
        assert own, f"{check} does not find: {what}"
        assert {finding.tenant_id for finding in own} == {str(tenant["tenant_id"])}
        assert all(any(char.isdigit() for char in finding.detail) for finding in own)
    assert await audit(books) == []


def test_r43_no_tampering_is_left_of_a_check_that_is_gone() -> None:
    """A renamed check takes its tamperings along."""
    assert set(TAMPERINGS) == set(checks())
    assert all(TAMPERINGS.values())


async def test_r43_what_is_open_too_long_is_found(books: Database) -> None:
    """A purchase begun a second ago is no finding; the same one, begun yesterday, is."""
    reopened = (
        "update purchase set state = 'planned', ended_at = null, wake_real_at = now(), "
        "planned_real_at = now() - interval '{}', planned_at = now() - interval '{}' "
        "where state = 'failed'"
    )
    charge = "update charge set state = 'open' where state = 'canceled'"
    assert await findings_after(books, reopened.format("1 s", "1 s"), charge) == []
    assert await findings_after(books, reopened.format("1 day", "1 day"), charge) != []


async def test_r43_a_captured_charge_without_a_purchase_is_found(books: Database) -> None:
    """Every captured charge has its grant: this one belongs to nothing that we know."""
    charge = (
        "insert into charge (tenant_id, charge_id, purchase_id, account_id, gateway, gateway_account, "
        "gateway_customer, gateway_method, fingerprint, card, payment_id, amount_minor, currency, "
        "capture, state, created_at, captured_at) select tenant_id, gen_random_uuid(), "
        "gen_random_uuid(), account_id, gateway, gateway_account, gateway_customer, gateway_method, "
        "fingerprint, card, payment_id || '-2', amount_minor, currency, capture, state, created_at, "
        "captured_at from charge where state = 'captured'"
    )
    assert await findings_after(books, charge) != []


async def test_r43_a_charge_of_another_amount_is_found(books: Database) -> None:
    """What was captured is what the lines of its purchase cost."""
    more = "update charge set amount_minor = amount_minor + 100 where state = 'captured'"
    assert await findings_after(books, more) != []


async def test_r43_a_grant_without_a_charge_is_found(books: Database) -> None:
    """Every grant has its charge: this one is whole in the ledger, and nobody paid for it."""
    grant = "update transfer set kind = 'purchase' where kind = 'allotment'"
    assert await findings_after(books, grant) != []
