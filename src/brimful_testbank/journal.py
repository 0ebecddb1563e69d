"""The bank's own books: every effect, written down durably before anybody hears of it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists object (kind text, id text, body text, primary key (kind, id));
create table if not exists effect (
    seq integer primary key autoincrement, at text, kind text, payment text, merchant text,
    amount integer, currency text, reference text);
create table if not exists reply (
    merchant text, key text, params text, status integer, body text, primary key (merchant, key));
"""


class Journal:
    """Objects as they stand, effects as they happened, and replies kept for their keys."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(_SCHEMA)

    def load(self, kind: str) -> dict[str, dict[str, Any]]:
        """All objects of a kind by id."""
        rows = self._db.execute("select id, body from object where kind = ?", (kind,))
        return {key: json.loads(body) for key, body in rows}

    def write(
        self,
        kind: str,
        body: dict[str, Any],
        effect: dict[str, Any] | None,
        reply: tuple[str, str, str, int, str] | None,
    ) -> None:
        """Write one object, what happened, and the reply for its key, all or nothing."""
        self._db.execute("begin immediate")
        self._db.execute(
            "insert or replace into object values (?, ?, ?)", (kind, body["id"], json.dumps(body))
        )
        if effect is not None:
            self._db.execute(
                "insert into effect (at, kind, payment, merchant, amount, currency, reference) "
                "values (:at, :kind, :payment, :merchant, :amount, :currency, :reference)",
                effect,
            )
        if reply is not None:
            self._db.execute("insert or replace into reply values (?, ?, ?, ?, ?)", reply)
        self._db.execute("commit")

    def keep_reply(self, reply: tuple[str, str, str, int, str]) -> None:
        """Keep the reply of a request that changed nothing else."""
        self._db.execute("insert or replace into reply values (?, ?, ?, ?, ?)", reply)

    def reply_for(self, merchant: str, key: str) -> tuple[str, int, str] | None:
        """The parameters, status and body kept for a key of a merchant."""
        found: tuple[str, int, str] | None = self._db.execute(
            "select params, status, body from reply where merchant = ? and key = ?",
            (merchant, key),
        ).fetchone()
        return found

    def effects(self) -> list[dict[str, Any]]:
        """All that happened, in order."""
        cursor = self._db.execute(
            "select seq, at, kind, payment, merchant, amount, currency, reference from effect "
            "order by seq"
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The effects in a journal's file, read beside a running bank or after its end."""
    journal = Journal(path)
    effects = journal.effects()
    journal.close()
    return effects
