"""One PostgreSQL for a whole run, a fresh database for each test, an audit after each."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from brimful.db.embedded import embedded
from brimful.db.migrate import migrate
from brimful.db.transaction import Database, connect
from brimful.effects import spending
from brimful.ledger.audit import audit
from tests.builders.calendar import Calendar, timed_world
from tests.builders.world import World, running_world
from tests.builders.year import Year, running_year
from tests.within import UNTIL, pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]

structlog.configure(
    processors=[
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    ]
)
settings.register_profile(
    "brimful",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("brimful")
FROZEN_AT = datetime(2027, 1, 31, 23, tzinfo=UTC)
for name in [name for name in os.environ if name.startswith("BRIMFUL_")]:
    if name not in (
        "BRIMFUL_COVER_CASES",
        "BRIMFUL_CASCADE_ALL",
        "BRIMFUL_HISTORIES_SEED",
        "BRIMFUL_KILLS",
        "BRIMFUL_API_KILLS",
        "BRIMFUL_POSTGRES_KILLS",
        "BRIMFUL_RENEWAL_KILLS",
        "BRIMFUL_EVENT_FUZZ",
        "BRIMFUL_EVENT_ORDERS",
        "BRIMFUL_SIMULATED_SEEDS",
        "BRIMFUL_STRIPE_SANDBOX_KEY",
        UNTIL,
        "BRIMFUL_RACING_CHARGES",
        "BRIMFUL_NESTED_CRASHES",
        "BRIMFUL_NESTED_SEED",
        "BRIMFUL_LEASE_CLIENTS",
    ):
        del os.environ[name]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for a second is no reason for another outcome."""
    monkeypatch.setattr(spending, "REGISTER_WITHIN_S", 20.0)


def with_database(dsn: str, name: str) -> str:
    """The same server's address, another database."""
    head, _, query = dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL that lives as long as this worker's run."""
    if os.environ.get("DATABASE_URL"):
        yield os.environ["DATABASE_URL"]
        return
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory(prefix="brimful-tests-") as folder:
        Path(folder).chmod(0o755)
        # Durability is tested where it matters, in processes of their own; here it only costs time.
        running = embedded(Path(folder), settings=("fsync=off", "full_page_writes=off"))
        dsn = runner.run(running.__aenter__())
        try:
            yield dsn
        finally:
            runner.run(running.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated database to copy from."""

    async def make() -> str:
        name = f"template_{uuid4().hex[:12]}"
        admin = await asyncpg.connect(server)
        await admin.execute(f"create database {name}")
        await admin.close()
        await migrate(with_database(server, name))
        return name

    return asyncio.run(make())


@contextlib.asynccontextmanager
async def fresh_database(server: str, template: str) -> AsyncIterator[str]:
    """The address of a new migrated database, dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    # Copied as files, in less than half the time of through the log.
    await admin.execute(f"create database {name} template {template} strategy file_copy")
    try:
        yield with_database(server, name)
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@pytest.fixture
async def dsn(server: str, template: str) -> AsyncIterator[str]:
    """The address of this test's own database."""
    async with fresh_database(server, template) as address:
        yield address


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    """This test's own database; when the test ends its books must be right."""
    database = await connect(dsn)
    yield database
    findings = await audit(database)
    await database.close()
    assert not findings, findings


@pytest.fixture
async def calendar(db: Database, tmp_path: Path) -> AsyncIterator[Calendar]:
    """A world whose business time stands until a test moves it."""
    async with timed_world(db, tmp_path / "mail") as made:
        yield made


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """A platform with the price list of R15, on this test's own database and testbank."""
    async with running_world(db, tmp_path / "mail") as made:
        yield made


@pytest.fixture
async def frozen_world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The same on a test clock: business time stands at the last hour of a January (R38)."""
    async with running_world(db, tmp_path / "mail", at=FROZEN_AT) as made:
        yield made


@pytest.fixture
async def year(db: Database, tmp_path: Path) -> AsyncIterator[Year]:
    """The same on a clock that is moved by hand."""
    async with running_year(db, tmp_path / "mail") as made:
        yield made
