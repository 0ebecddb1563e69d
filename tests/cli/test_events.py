"""events, the command: what could not be handled is shown, and handled anew when a person says so (R45)."""

import json
from datetime import UTC, datetime
from pathlib import Path

from brimful.billing import events
from brimful.db.migrate import migrate
from brimful.db.transaction import connect
from brimful.domain.moment import Moment
from brimful.domain.payment import Event
from tests.cli.commands import run


async def test_r45_parked_events_are_shown_and_handled_anew(empty: str, place: Path) -> None:
    """Nothing is status 0; one is status 1, by line and as JSON; after --retry it is due again."""
    await migrate(empty)
    quiet = run("events", cwd=place, DATABASE_URL=empty)
    assert (quiet.returncode, quiet.stdout) == (0, "No event waits for a person.\n")
    db = await connect(empty, size_max=1)
    now = datetime.now(UTC)
    event = Event(
        event_id="evt_1", kind="payment.captured", mode="test", account_ref="platform",
        payment_id="pay_1", amount_minor=700, currency="USD", created_at=now, metadata={},
    )  # fmt: skip
    assert await events.store(db, "testbank", event, Moment(at=now, real_at=now))
    taken = await events.take(db, "testbank", "evt_1", real_at=now, until=now)
    assert taken is not None
    await events.note_failure(db, taken, error="odd\x1b[2J", until=now, failures_max=1)

    told = run("events", cwd=place, DATABASE_URL=empty)
    shown = run("events", "--json", cwd=place, DATABASE_URL=empty)
    assert (told.returncode, shown.returncode, told.stderr) == (1, 1, "")
    assert told.stdout == (
        "evt_1 (payment.captured, payment pay_1 at platform): odd?[2J, 1 times\n"
    )
    [row] = json.loads(shown.stdout)
    assert (row["event_id"], row["failures"]) == ("evt_1", 1)

    again = run("events", "--retry", cwd=place, DATABASE_URL=empty)
    assert (again.returncode, again.stdout) == (0, "To be handled anew: 1\n")
    due = await events.find_due(db, "testbank", datetime.now(UTC), 10)
    await db.close()
    assert due == ["evt_1"]
    assert run("events", cwd=place, DATABASE_URL=empty).returncode == 0
