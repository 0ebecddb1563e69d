"""The database of a process that simulates: emptied and filled again for every seed by one function."""

from typing import Any

import asyncpg

_TABLES = """
    select c.relname as name,
        (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition and c.relname not in ('alembic_version', 'migration_note')
    order by c.relname
"""
# Dead rows cost less than planning every statement anew, which follows upon truncating.
CLEAN_EVERY = 100


class Stock:
    """The rows that worlds begin with, beside the tables that runs work on."""

    def __init__(self, admin: asyncpg.Connection) -> None:
        self._admin = admin
        self._tables: list[tuple[str, str]] = []
        self._kept: set[int] = set()
        self._used = 0

    async def prepare(self) -> None:
        """Make room for the rows of worlds, and the function that puts them back."""
        admin = self._admin
        found = await admin.fetch(_TABLES)
        self._tables = [(row["name"], row["columns"]) for row in found]
        await admin.execute("set session_replication_role = replica")
        await admin.execute("create schema kept")
        for name, columns in self._tables:
            await admin.execute(
                f"create table kept.{name} as select {columns}, 0 as world from public.{name}"
            )
        deletes = "".join(f"delete from public.{name};" for name, _ in self._tables)
        fills = "".join(
            f"insert into public.{name} ({columns}) select {columns} from kept.{name} "
            "where world = wanted;"
            for name, columns in self._tables
        )
        await admin.execute(
            "create function kept.put_back(wanted int) returns void language plpgsql as "
            f"$$ begin {deletes} {fills} end $$"
        )

    def has(self, world: int) -> bool:
        """Whether a world is kept."""
        return world in self._kept

    async def keep(self, world: int) -> None:
        """Keep the rows as they are as those that a world begins with."""
        for name, columns in self._tables:
            await self._admin.execute(
                f"insert into kept.{name} ({columns}, world) "
                f"select {columns}, {int(world)} from public.{name}"
            )
        self._kept.add(world)

    async def put_back(self, world: int) -> None:
        """The rows with which a world begins; none for a number that is not kept."""
        self._used += 1
        if self._used % CLEAN_EVERY == 0:
            every = ", ".join(f"public.{name}" for name, _ in self._tables)
            await self._admin.execute(f"truncate {every}")
        await self._admin.execute("select kept.put_back($1)", world)

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Read something, apart from the run."""
        found: list[Any] = await self._admin.fetch(sql, *args)
        return found
