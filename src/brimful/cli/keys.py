"""Issuing and listing API keys. A key's secret is shown once."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from brimful.billing import accounts
from brimful.billing import keys as key_records
from brimful.cli.database import kept_database, opened
from brimful.cli.errors import BadInput, check_text
from brimful.db.transaction import Database
from brimful.effects.clocks import clock_of
from brimful.settings import Settings


@dataclass(frozen=True, slots=True)
class _Holder:
    """Whose key it is: the platform (without a tenant) or an account."""

    account_id: UUID
    tenant_id: UUID | None


async def issue(
    settings: Settings, *, account: str | None, label: str, read_only: bool
) -> tuple[UUID, str]:
    """Issue a key: its id, and its secret, this once. Raises BadInput."""
    label = check_text("--label", label, least=0)
    async with _holder(settings, account) as (db, holder):
        return await key_records.issue(
            db,
            account_id=holder.account_id,
            tenant_id=holder.tenant_id,
            read_only=read_only,
            label=label,
            moment=(await clock_of(settings, db)).moment(),
        )


async def list_keys(settings: Settings, *, account: str | None) -> list[dict[str, Any]]:
    """The keys of an account as plain values, without their secrets. Raises BadInput."""
    async with _holder(settings, account) as (db, holder):
        rows = await key_records.list_keys(db, holder.account_id)
    return [
        {
            "id": f"key_{row['key_id'].hex}",
            "prefix": row["prefix"],
            "read_only": row["read_only"],
            "label": row["label"],
            "created_at": row["created_at"].isoformat(),
            "revoked_at": None if row["revoked_at"] is None else row["revoked_at"].isoformat(),
        }
        for row in rows
    ]


@asynccontextmanager
async def _holder(
    settings: Settings, account: str | None
) -> AsyncIterator[tuple[Database, _Holder]]:
    """The database and whose keys are meant. Raises BadInput when there is none such."""
    wanted = None if account is None else _account_id(account)
    async with kept_database(settings) as dsn, opened(dsn) as db:
        yield db, await _find(db, wanted)


def _account_id(text: str) -> UUID:
    if not re.fullmatch(r"acc_[0-9a-f]{32}", text):
        raise BadInput(f"{text!r} is not an account id: acc_ and 32 of the signs 0-9 a-f")
    return UUID(hex=text.removeprefix("acc_"))


async def _find(db: Database, wanted: UUID | None) -> _Holder:
    platform = await accounts.read_platform(db)
    if platform is None:
        raise BadInput(
            "the platform is not open yet; open it with: "
            "brimful open --name NAME --currency USD --email ADDRESS"
        )
    if wanted in (None, platform.platform_id):
        return _Holder(platform.platform_id, None)
    assert wanted is not None
    found = await accounts.find_account(db, wanted)
    if found is None:
        raise BadInput(f"there is no account acc_{wanted.hex}")
    return _Holder(found.account_id, found.tenant_id)
