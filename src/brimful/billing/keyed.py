"""Commands whose answer is the present state of the object they made (purchases, chatbots), by key.

The key of one that changed something finds its object again; of one that was refused it is free to be
evaluated anew (R39).
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An idempotency key as it came: where, by which verb, and the hash of the body."""

    tenant_id: UUID
    account_id: UUID
    key: str
    verb: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What a key made before, or that it belongs to another request."""

    object_id: UUID | None
    conflict: bool


async def find(tx: Transaction, key: Key) -> Found:
    """Look a key up, locking it; ``object_id`` is None for a fresh one."""
    row = await tx.fetchrow(_sql("read_command_object"), key.tenant_id, key.account_id, key.key)
    if row is None:
        return Found(None, conflict=False)
    same = row["verb"] == key.verb and bytes(row["body_hash"]) == key.body_hash
    return Found(row["object_id"] if same else None, conflict=not same)


async def put(tx: Transaction, key: Key, object_id: UUID, moment: Moment) -> None:
    """Bind a key to the object that it made."""
    await tx.execute(
        _sql("put_command_object"),
        key.tenant_id,
        key.account_id,
        key.key,
        key.verb,
        key.body_hash,
        object_id,
        moment.at,
    )
