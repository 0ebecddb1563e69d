"""After months are archived all is as before: balances, statements, refunds, keys, the audit (R1, R25,
R33, R36, R39, R43)."""

import csv
import gzip
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from brimful.db.transaction import Database
from brimful.ledger import usage
from brimful.ledger.archive import find_entry_months, list_archived_months, read_archived_end
from brimful.ledger.audit import audit
from brimful.usecases.answers import SpendDone
from brimful.usecases.archive_months import archive_month
from brimful.usecases.refund_charge import RefundBegun
from tests.archive.past import EVERYBODY, KEEPER, UNTOUCHED, Past, live, put_away, rows
from tests.builders.calendar import Calendar
from tests.builders.reversals import charge_of, refund

_IDS = "select account_id || ' ' || resource || ' ' || seq as seq_of from entry"


async def check_statements(past: Past, before: dict[Any, list[dict[str, Any]]]) -> None:
    """What is left is what was there, to the row; where it ends is said, with what was free there."""
    ended = 0
    for (name, resource), entries in before.items():
        account = await past.world.account(name)
        end = await read_archived_end(
            past.world.db, account.tenant_id, account.account_id, resource
        )
        left = await past.pages(name, resource)
        if end is None:
            assert left == entries
            continue
        ended += 1
        gone = entries[len(left) :]
        assert left == entries[: len(left)]
        assert all(entry["at"] >= end.before for entry in left)
        assert all(entry["at"] < end.before for entry in gone)
        assert (gone[0]["seq"], gone[0]["free_after"]) == (end.seq, end.free_after)
        if left:
            assert left[-1]["seq"] == end.seq + 1
    assert ended >= len(EVERYBODY)


@pytest.mark.parametrize(("seed", "by_month"), [(1, True), (2, False), (3, True), (4, False)])
async def test_r1_r39_r43_a_random_past_is_archived_and_nothing_else_changes(
    calendar: Calendar, seed: int, by_month: bool
) -> None:
    """Every other table is the same to the last row but for lots that lazy spends were taken from."""
    past = await live(calendar, seed, by_month=by_month)
    world, db = past.world, past.world.db
    assert await audit(db) == []
    statements = {
        (name, resource): await past.pages(name, resource)
        for name in EVERYBODY
        for resource in ("credits", "chatbots")
    }
    stock = {name: await world.credits(name) for name in EVERYBODY}
    tables = await rows(db, *[table for table in UNTOUCHED if table not in ("balance", "lot")])
    report = await put_away(db, calendar.clock)
    assert report.is_whole and len(report.months) >= 3
    assert await audit(db) == []
    after = {name: await world.credits(name) for name in EVERYBODY}
    for name in EVERYBODY:
        for place in ("free", "reserved", "held", "used", "sold", "received", "issued", "lapsed"):
            assert getattr(after[name], place) == getattr(stock[name], place)
    assert await rows(db, *tables) == tables
    await check_statements(past, statements)
    keeper = await world.account(KEEPER)
    told = await usage.read_usage(
        db, keeper.tenant_id, keeper.account_id, since=calendar.clock.at, at=calendar.clock.at
    )
    assert told.hours == {} and await past.pages(KEEPER, "credits") == []
    # A second time there is nothing to do, and a month later the next one.
    assert (await put_away(db, calendar.clock)).months == []
    await calendar.go(timedelta(days=31))
    assert len((await put_away(db, calendar.clock)).months) == 1


async def test_r33_who_used_nothing_since_is_not_looked_at_for_ever(calendar: Calendar) -> None:
    """Entries that were archived before they were carried into sums of use: the mark passes over them,
    and what is used afterwards is counted."""
    world, db = calendar.world, calendar.world.db
    await world.open("Agency", sells=True)
    await world.stock("Agency", credits=100)
    await world.spend("Agency", 30)
    calendar.clock.at += timedelta(days=100)
    assert (await put_away(db, calendar.clock)).is_whole
    nobody, agency = (UUID(int=0), UUID(int=0)), await world.account("Agency")
    of = agency.tenant_id, agency.account_id
    assert await usage.find_uncarried(db, nobody, 10) == [of]
    await usage.carry_usage(db, *of, world.engine.now())
    assert await usage.find_uncarried(db, nobody, 10) == []
    await world.spend("Agency", 7)
    await usage.carry_usage(db, *of, world.engine.now())
    at = calendar.clock.at
    assert list((await usage.read_usage(db, *of, since=at, at=at)).hours.values()) == [7]


@pytest.mark.parametrize("by_month", [True, False])
async def test_r25_r39_life_goes_on_over_an_archived_past(
    calendar: Calendar, by_month: bool
) -> None:
    """Spends, a whole refund of what was bought in the first month, keys of the last 35 days."""
    past = await live(calendar, 5, by_month=by_month)
    world, db = past.world, past.world.db
    recent = {
        key: spend
        for key, spend in past.spends.items()
        if calendar.clock.at - spend[2] <= timedelta(days=35)
    }
    assert 0 < len(recent) < len(past.spends)
    bought = await db.fetchrow(
        "select charge_id from charge where account_id = $1 and state = 'captured' "
        "order by charge_id limit 1",
        world.names[KEEPER],
    )
    await put_away(db, calendar.clock, key_days=35)
    before = {name: await world.credits(name) for name in EVERYBODY}
    for key, (name, credits, _, spend_id) in recent.items():
        again = await world.spend(name, credits, key=key)
        assert isinstance(again, SpendDone) and again.spend_id == spend_id
    assert {name: await world.credits(name) for name in EVERYBODY} == before
    assert set(await _keys(db)) == set(recent)
    assert isinstance(await world.spend("Client 1", 5), SpendDone)
    # floor(3,000 × 1,000 ÷ 2,500) of what was bought so long ago.
    answer = await refund(world, KEEPER, bought["charge_id"], 1_000)
    await calendar.work()
    assert isinstance(answer, RefundBegun)
    assert (await world.credits(KEEPER)).free == 3_000 - 100 - 1_200
    await calendar.go(timedelta(days=33))
    assert await audit(db) == []
    assert (await charge_of(world, "Client 1"))["state"] == "captured"


async def _keys(db: Database) -> list[str]:
    rows = await db.fetch("select key from spend where state = 'done' and key like 'past-%'")
    return [row["key"] for row in rows]


async def test_nothing_is_archived_while_others_hold_it_and_all_of_it_later(
    calendar: Calendar,
) -> None:
    """A long reader of the entries: we give way, and what was there is there."""
    past = await live(calendar, 6, by_month=True)
    db = past.world.db
    months = await find_entry_months(db)
    before = await rows(db, "entry", *UNTOUCHED)
    connection = await db._pool.acquire()
    await connection.execute("begin")
    await connection.fetch("select count(*) from entry")
    done = await archive_month(db, months[0], moment=past.world.engine.now(), tries=1)
    await connection.execute("rollback")
    await db._pool.release(connection)
    assert not done
    assert await rows(db, "entry", *UNTOUCHED) == before
    assert await find_entry_months(db) == months
    assert await list_archived_months(db) == []
    assert (await put_away(db, calendar.clock)).is_whole
    assert months[0] not in await find_entry_months(db)


async def test_months_go_to_files_that_hold_what_they_held(
    calendar: Calendar, tmp_path: Path
) -> None:
    """Written, read back, dropped; the books are proved without them."""
    past = await live(calendar, 7, by_month=True)
    db = past.world.db
    entries = {row["seq_of"] for row in await db.fetch(_IDS)}
    first = await put_away(db, calendar.clock)
    assert {month.became for month in first.months} == {"archived"}
    kept = {row["seq_of"] for row in await db.fetch(_IDS.replace("entry", "archive.entry"))}
    report = await put_away(db, calendar.clock, to=tmp_path)
    assert {month.became for month in report.months} == {"written"}
    assert [m.starts_at for m in report.months] == [m.starts_at for m in first.months]
    assert await db.fetchval("select count(*) from archive.entry") == 0
    assert await audit(db) == []
    read = check_files(tmp_path, report)
    assert read == kept and read < entries
    left = {row["seq_of"] for row in await db.fetch(_IDS)}
    assert left | read >= entries and not left & read


def check_files(folder: Path, report: Any) -> set[str]:
    """Each file is what its manifest and the report say; the entries in them."""
    found = set()
    for month in report.months:
        manifest = json.loads((folder / f"entry_{month.starts_at:%Y_%m}.json").read_text())
        text = gzip.decompress(Path(month.file).read_bytes())
        table = list(csv.DictReader(text.decode().splitlines()))
        assert manifest["sha256"] == month.sha256 == hashlib.sha256(text).hexdigest()
        assert manifest["rows"] == month.entries == len(table)
        assert manifest["bytes"] == len(text)
        assert manifest["month"] == f"{month.starts_at:%Y-%m}" == manifest["first_at"][:7]
        found |= {f"{row['account_id']} {row['resource']} {row['seq']}" for row in table}
    assert len(list(folder.glob("entry_*"))) == 2 * len(report.months)
    return found
