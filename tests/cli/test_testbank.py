"""The test gateway alone: by brimful or by itself, with books that outlive it (R44)."""

import signal
from pathlib import Path

import httpx
import pytest

from brimful_testbank.journal import read_journal
from tests.cli.commands import BRIMFUL, TESTBANK, running

BY_BRIMFUL = (BRIMFUL, "testbank")
BY_ITSELF = (TESTBANK,)


def charge(url: str) -> str:
    """Charge a new card at once; the payment's id."""
    with httpx.Client(base_url=url, headers={"merchant": "platform"}, trust_env=False) as bank:
        card = bank.post("/methods", json={"token": "tok_success"}).json()
        wish = {
            "amount": 1_000,
            "currency": "USD",
            "customer": card["customer"],
            "method": card["id"],
            "capture": "automatic",
            "description": "2,000 credits",
            "metadata": {"reference": "one"},
        }
        made = bank.post("/payments", json=wish, headers={"idempotency-key": "one"}).json()
        return str(bank.post(f"/payments/{made['id']}/confirm", json={}).json()["id"])


@pytest.mark.parametrize("by", [BY_BRIMFUL, BY_ITSELF], ids=["brimful testbank", "by itself"])
def test_r44_it_serves_alone_and_keeps_its_books(place: Path, by: tuple[object, ...]) -> None:
    """A port of its choice is announced once it listens; a second life knows what the first did."""
    program, words = by[0], [str(word) for word in by[1:]]
    words += ["--port", "0", "--journal", "bank.db"]
    with running(*words, cwd=place, program=program) as bank:  # type: ignore[arg-type]
        url = bank.line().removeprefix("testbank ready ")
        payment = charge(url)
        assert bank.end(signal.SIGTERM) in (0, 128 + signal.SIGTERM)
    effects = [(e["payment"], e["kind"], e["amount"]) for e in read_journal(place / "bank.db")]
    assert (payment, "captured", 1_000) in effects
    with running(*words, cwd=place, program=program) as bank:  # type: ignore[arg-type]
        url = bank.line().removeprefix("testbank ready ")
        kept = httpx.get(
            f"{url}/payments/{payment}", headers={"merchant": "platform"}, trust_env=False
        )
        assert kept.json()["state"] == "captured"
        assert bank.end(signal.SIGINT) in (0, 128 + signal.SIGINT)
