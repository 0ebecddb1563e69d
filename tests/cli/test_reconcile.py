"""reconcile, the command: 0 when nothing needs a person, 1 when something does, 2 for bad words (R24)."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from brimful.cli.reconcile import Shown
from brimful.db.migrate import migrate
from brimful.domain.payment import Captured, Created, SavedMethod
from brimful.effects.reconcile import Report
from brimful.gateways.port import REFERENCE
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.server import serving
from tests.cli.commands import assert_one_line, run


async def taken_for(url: str, reference: str) -> str:
    """A payment captured at the platform's account."""
    bank = Testbank(url)
    saved = await bank.save_method(account_ref="platform", customer_id=None, token="tok_success")
    assert isinstance(saved, SavedMethod)
    made = await bank.create(
        account_ref="platform", customer_id=saved.customer_id, method_id=saved.method_id,
        amount_minor=1_000, currency="USD", capture="automatic", idempotency_key="create",
        description="", metadata={REFERENCE: reference},
    )  # fmt: skip
    assert isinstance(made, Created)
    done = await bank.confirm(
        account_ref="platform", payment_id=made.payment_id, idempotency_key="confirm",
        off_session=True,
    )  # fmt: skip
    assert isinstance(done, Captured)
    await bank.close()
    return made.payment_id


async def test_r24_what_a_person_has_to_see_is_status_1(empty: str, place: Path) -> None:
    """Money that this database knows nothing of: by line, and as JSON."""
    await migrate(empty)
    async with serving(journal=place / "bank.db") as (url, _):
        env = {"DATABASE_URL": empty, "BRIMFUL_TESTBANK_URL": url}
        nothing = await asyncio.to_thread(run, "reconcile", cwd=place, **env)
        payment = await taken_for(url, str(uuid4()))
        told = await asyncio.to_thread(run, "reconcile", cwd=place, **env)
        shown = await asyncio.to_thread(run, "reconcile", "--json", "--days", "2", cwd=place, **env)
    assert (nothing.returncode, nothing.stderr) == (0, ""), nothing
    assert nothing.stdout.splitlines()[-1] == "No difference."
    assert (told.returncode, shown.returncode) == (1, 1)
    assert "For a person: 1" in told.stdout and payment in told.stdout
    assert "captured_unknown: money was taken that this database knows nothing of" in told.stdout
    report = json.loads(shown.stdout)
    assert (report["gateway_accounts"], report["charges"], report["payments"]) == (1, 0, 1)
    [finding] = report["findings"]
    assert (finding["outcome"], finding["trouble"]) == ("person", "captured_unknown")
    assert (finding["payment_id"], finding["amount"]) == (payment, "$10.00")


def test_r24_an_account_that_was_not_listed_is_status_1_and_told_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With all that was compared beside it: by line, and as JSON."""
    at = datetime(2027, 4, 1, tzinfo=UTC)
    unread = {"acct_1": "no answer: status 429"}
    shown = Shown(Report(since=at, before=at, accounts=2, payments=3, charges=3, unread=unread))
    shown.show()
    told = capsys.readouterr().out
    assert shown.status == 1
    assert "Not compared: acct_1 was not listed by the gateway (no answer: status 429)." in told
    assert "Run this again" in told and "No difference." not in told
    assert shown.plain()["unread_accounts"] == [
        {"gateway_account": "acct_1", "why": "no answer: status 429"}
    ]


@pytest.mark.parametrize("days", ["0", "-1", "366", "many"])
def test_r24_bad_spans_are_one_line(empty: str, place: Path, days: str) -> None:
    env = {"DATABASE_URL": empty, "BRIMFUL_TESTBANK_URL": "http://127.0.0.1:1"}
    assert_one_line(run("reconcile", "--days", days, cwd=place, **env), "days")


async def test_r24_a_gateway_that_does_not_answer_is_one_line(empty: str, place: Path) -> None:
    await migrate(empty)
    env = {"DATABASE_URL": empty, "BRIMFUL_TESTBANK_URL": "http://127.0.0.1:1"}
    assert_one_line(run("reconcile", cwd=place, **env), "did not list the payments of platform")
