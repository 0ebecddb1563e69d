"""Commands by their idempotency keys: what a key made before is found again (R39).

A key is bound to the object that its command made: an account, an allotment, a purchase, a chatbot.
The answer to the same request is that object's present state; of one that was refused or failed, the
key is free to be evaluated anew.
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
class Before:
    """What a key made before (None: nothing yet), or that it belongs to another request."""

    object_id: UUID | None
    conflict: bool


async def recall(tx: Transaction, key: Key) -> Before:
    """Look a key up, locking it until the transaction ends."""
    row = await tx.fetchrow(_sql("recall_command"), key.tenant_id, key.account_id, key.key)
    if row is None:
        # Spends keep their keys in a table of their own; a key is unique over both (R39).
        spent = await tx.fetchval(_sql("is_spend_key"), key.tenant_id, key.account_id, key.key)
        return Before(None, conflict=bool(spent))
    same = row["verb"] == key.verb and bytes(row["body_hash"]) == key.body_hash
    return Before(row["object_id"] if same else None, conflict=not same)


async def remember(
    tx: Transaction, key: Key, before: Before, object_id: UUID, moment: Moment
) -> None:
    """Bind a key to the object that its command made, in the place of one that failed ``before``.

    A racing twin of a fresh key fails here on the unique key, be it a command or a spend, is undone, and
    runs again.
    """
    if before.object_id is None:
        await tx.execute(
            _sql("remember_command"),
            key.tenant_id,
            key.account_id,
            key.key,
            key.verb,
            key.body_hash,
            object_id,
            moment.at,
        )
        return
    await tx.execute(
        _sql("rebind_command"), key.tenant_id, key.account_id, key.key, object_id, moment.at
    )
