"""Where commands are started, and what they are given."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.cli.commands import folder
from tests.conftest import with_database


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder to start in."""
    with folder() as made:
        yield made


@pytest.fixture
async def empty(server: str) -> AsyncIterator[str]:
    """The address of a database that nothing was ever done in."""
    name = f"cli_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    await admin.execute(f"create database {name}")
    yield with_database(server, name)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()
