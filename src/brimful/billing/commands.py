"""Commands whose answer is kept and given again for the same key (R39)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from brimful.billing.keyed import Key
from brimful.db.sqlfile import load
from brimful.db.transaction import Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True)
class Before:
    """What a key did before: its answer, or that it belongs to another request."""

    answer: Mapping[str, Any] | None
    conflict: bool


async def recall(tx: Transaction, key: Key) -> Before:
    """Look a key up."""
    row = await tx.fetchrow(_sql("recall_command"), key.tenant_id, key.account_id, key.key)
    if row is None:
        return Before(None, conflict=False)
    same = row["verb"] == key.verb and bytes(row["body_hash"]) == key.body_hash
    return Before(row["answer"] if same else None, conflict=not same)


async def remember(tx: Transaction, key: Key, answer: Mapping[str, object], moment: Moment) -> None:
    """Keep the answer of a command that changed something. A racing twin of the same key fails
    here on the unique key, is undone, runs again and recalls this answer."""
    await tx.execute(
        _sql("remember_command"),
        key.tenant_id,
        key.account_id,
        key.key,
        key.verb,
        key.body_hash,
        dict(answer),
        moment.at,
    )
