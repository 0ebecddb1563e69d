"""brimful: the commands. Bad input is one line on standard error and exit status 2."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from brimful.cli import demo as demo_command
from brimful.cli import serve as serve_command
from brimful.db.embedded import CannotStart
from brimful.db.transaction import connect
from brimful.ledger.audit import audit as run_audit
from brimful.runtime import database_of
from brimful.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Prepaid credits and auto-billing. Settings come from BRIMFUL_… and DATABASE_URL.",
)


class BadInput(Exception):
    """What was asked for cannot be; the text says what to do."""


@app.command(epilog="Example: brimful demo --once")
def demo(
    once: Annotated[bool, typer.Option(help="Tell the stories and end.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the API listens.")] = 8420,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path(
        ".brimful/demo"
    ),
) -> None:
    """A small world at work: stories on the terminal, or an API to try."""
    asyncio.run(demo_command.demo(once=once, port=port, data=data))


@app.command(epilog="Example: DATABASE_URL=postgresql://… brimful serve")
def serve(
    testbank: Annotated[bool, typer.Option(help="Run the test gateway beside it.")] = False,
) -> None:
    """Serve the API, and do due work beside it."""
    asyncio.run(serve_command.serve(Settings(), with_testbank=testbank))


@app.command(epilog="Example: brimful worker")
def worker() -> None:
    """Do due work only; any number may run beside the servers."""
    asyncio.run(serve_command.worker(Settings()))


@app.command(epilog="Example: brimful testbank --port 8421 --journal bank.db")
def testbank(
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8421,
    journal: Annotated[Path | None, typer.Option(help="Where it keeps its books.")] = None,
    events_url: Annotated[str | None, typer.Option(help="Where it posts its events.")] = None,
) -> None:
    """Run the test gateway on its own."""
    asyncio.run(serve_command.testbank(port, journal, events_url))


@app.command(epilog="Example: brimful audit --json")
def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,
) -> None:
    """Prove the books. Exit status 1, and what contradicts them, when they do not hold."""

    async def run() -> list[dict[str, str]]:
        settings = Settings()
        async with database_of(settings) as dsn:
            db = await connect(dsn)
            findings = await run_audit(db)
            await db.close()
        return [{"check": f.check, "tenant": f.tenant_id, "detail": f.detail} for f in findings]

    found = asyncio.run(run())
    if as_json:
        print(json.dumps(found))
    elif not found:
        Console().print("The books are right.")
    else:
        table = Table("check", "tenant", "detail")
        for row in found:
            table.add_row(row["check"], row["tenant"], row["detail"])
        Console().print(table)
    if found:
        raise typer.Exit(1)


@app.command(epilog="Example: brimful keys issue --account acc_0190… --label backend")
def keys(
    verb: Annotated[str, typer.Argument(help="issue or list")],
    account: Annotated[
        str | None, typer.Option(help="acc_…; without one, the platform itself")
    ] = None,
    label: Annotated[str, typer.Option()] = "",
    read_only: Annotated[bool, typer.Option()] = False,
) -> None:
    """Issue or list API keys. A key's secret is shown once."""
    if verb not in ("issue", "list"):
        raise BadInput(f"keys {verb}: say either issue or list")
    wanted = None
    if account is not None:
        try:
            wanted = UUID(hex=account.removeprefix("acc_"))
        except ValueError:
            raise BadInput(f"{account!r} is not an account id such as acc_0190…") from None
    lines = asyncio.run(
        serve_command.keys(Settings(), verb=verb, account=wanted, label=label, read_only=read_only)
    )
    if lines is None:
        raise BadInput("there is no such account; open the platform first with: brimful demo")
    for line in lines:
        print(line)


def main() -> None:
    """Run a command; errors that people can mend are one line."""
    try:
        app(standalone_mode=True)
    except (BadInput, CannotStart, ValidationError, OSError) as wrong:
        first = str(wrong).splitlines()
        print(f"brimful: {' '.join(line.strip() for line in first[:3])}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
