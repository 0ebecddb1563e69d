"""A small world with its endpoint for events, over a socket and inside the process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brimful.db.transaction import Database
from tests.builders.post import Post, post_office


@pytest.fixture
async def post(db: Database, tmp_path: Path) -> AsyncIterator[Post]:
    """Over a socket."""
    async with post_office(db, tmp_path, wire=True) as made:
        yield made


@pytest.fixture
async def inside(db: Database, tmp_path: Path) -> AsyncIterator[Post]:
    """Inside this process, which is faster."""
    async with post_office(db, tmp_path, wire=False) as made:
        yield made
