"""brimful: the commands. Bad input is one line on standard error and exit status 2.

A command imports what it runs when it is called: to show help, or to tell of a typing error, neither
the web framework nor the database's driver is needed.
"""

import io
import json
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from brimful.cli import clock_commands
from brimful.cli.errors import one_line
from brimful.cli.running import run

BROKEN = 3

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Prepaid credits and auto-billing. Settings come from BRIMFUL_… and DATABASE_URL; "
    "the README has a table of them.",
)
keys = typer.Typer(help="Issue or list API keys. A key's secret is shown once.")
app.add_typer(keys, name="keys")
app.add_typer(clock_commands.clock, name="clock")

AccountOption = Annotated[str | None, typer.Option(help="acc_…; without one, the platform itself.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command(epilog="Example: brimful demo --once")
def demo(
    once: Annotated[bool, typer.Option("--once", help="Tell the stories and end.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where the API listens; 0: any free port.")
    ] = 8420,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path(
        ".brimful/demo"
    ),
) -> None:
    """A small world at work: stories on the terminal, or an API to try."""
    from brimful.cli import demo as command

    run(command.tell(data) if once else command.serve(data, port))


@app.command(
    "open",
    epilog="Example: brimful open --name Stellar --currency USD --email owner@example.com",
)
def open_platform(
    name: Annotated[str, typer.Option(help="What the platform is called.")],
    currency: Annotated[str, typer.Option(help="What it sells in, by ISO 4217: USD.")],
    email: Annotated[str, typer.Option(help="Its owner's mail address.")],
    zone: Annotated[str, typer.Option(help="The time zone of its calendar.")] = "UTC",
    as_json: JsonOption = False,
) -> None:
    """Open the platform, once, and issue its first API key."""
    from brimful.cli import opening as command
    from brimful.settings import read_settings

    opened = run(
        command.open_it(read_settings(), name=name, currency=currency, email=email, zone=zone)
    )
    platform = f"acc_{opened.platform_id.hex}"
    if as_json:
        print(json.dumps({"platform": platform, "api_key": opened.secret}))
        return
    print(f"The platform is open: {platform}")
    print(f"Its API key, shown this once: {opened.secret}")


@app.command(epilog="Example: DATABASE_URL=postgresql://… brimful serve --testbank")
def serve(
    testbank: Annotated[
        bool, typer.Option("--testbank", help="Run the test gateway inside.")
    ] = False,
) -> None:
    """Serve the API, and do due work beside it."""
    from brimful.cli import serve as command
    from brimful.settings import read_settings

    run(command.serve(read_settings(), with_testbank=testbank))


@app.command(epilog="Example: brimful worker")
def worker() -> None:
    """Do due work only; any number may run beside the servers."""
    from brimful.cli import serve as command
    from brimful.settings import read_settings

    run(command.worker(read_settings()))


@app.command(epilog="Example: brimful testbank --port 8421 --journal bank.db")
def testbank(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where it listens; 0: any free port.")
    ] = 8421,
    journal: Annotated[
        Path | None, typer.Option(help="The file of its books; without one nothing is kept.")
    ] = None,
    events_url: Annotated[
        str | None, typer.Option(help="Where it posts its events: …/v1/gateways/testbank/events")
    ] = None,
) -> None:
    """Run the test gateway on its own, for servers and workers to share."""
    from brimful.cli import serve as command
    from brimful.settings import read_settings

    run(command.testbank(read_settings(), port=port, journal=journal, events_url=events_url))


@app.command(epilog="Example: brimful audit --json")
def audit(
    as_json: JsonOption = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Audit the embedded database of this folder: .brimful/demo is a demo's."),
    ] = None,
) -> None:
    """Prove the books. Exit status 1, and what contradicts them, when they do not hold."""
    from brimful.cli import books as command
    from brimful.settings import read_settings

    findings = run(command.prove(read_settings(), data))
    if as_json:
        rows = [{"check": f.check, "tenant": f.tenant_id, "detail": f.detail} for f in findings]
        print(json.dumps(rows))
    elif not findings:
        print("The books are right.")
    else:
        for finding in findings:
            print(f"{finding.check}: {finding.detail} (tenant {finding.tenant_id})")
    if findings:
        raise typer.Exit(1)


@app.command(epilog="Example: brimful reconcile --days 7 --json")
def reconcile(
    days: Annotated[int, typer.Option(help="How many days back to compare.")] = 35,
    testbank: Annotated[
        bool, typer.Option("--testbank", help="Run the test gateway inside, as serve does.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the gateway's payments with our charges, both ways, and mend what can be proved.
    Exit status 1 when something needs a person or could not be compared."""
    from brimful.cli import reconcile as command
    from brimful.settings import read_settings

    shown = run(command.compare_books(read_settings(), days=days, with_testbank=testbank))
    if as_json:
        print(json.dumps(shown.plain()))
    else:
        shown.show()
    if shown.status:
        raise typer.Exit(shown.status)


@app.command(
    epilog="Examples: brimful archive --dry-run · brimful archive --months 36 --to /mnt/books · "
    "brimful archive --key-days 90 --json"
)
def archive(
    months: Annotated[
        int, typer.Option(help="Archive what ended so many months ago or earlier; at least 2.")
    ] = 24,
    key_days: Annotated[
        int | None,
        typer.Option(
            help="Forget the keys of spends that are older, at least 35 days; without it, those of "
            "the archived months only."
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Write archived months to files in this folder, and drop them here."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take months of entries that ended long ago out of the way; balances, refunds and the audit stay
    right. May be stopped and run again at any time. Exit status 1 when something was left."""
    from brimful.cli import archive as command
    from brimful.settings import read_settings

    shown = run(
        command.archive_books(
            read_settings(), months=months, key_days=key_days, to=to, dry_run=dry_run
        )
    )
    if as_json:
        print(json.dumps(shown.plain()))
    else:
        shown.show()
    if shown.status:
        raise typer.Exit(shown.status)


@app.command(epilog="Example: brimful events --retry")
def events(
    retry: Annotated[
        bool, typer.Option("--retry", help="Let them be handled anew by the next scan.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """The gateway's events that could not be handled. Exit status 1 when there are any."""
    from brimful.cli import events as command
    from brimful.settings import read_settings

    if retry:
        count = run(command.retry_parked(read_settings()))
        print(json.dumps({"retried": count}) if as_json else f"To be handled anew: {count}")
        return
    rows = run(command.list_parked(read_settings()))
    if as_json:
        print(json.dumps(rows))
    elif not rows:
        print("No event waits for a person.")
    else:
        for row in rows:
            why = "".join(sign if sign.isprintable() else "?" for sign in row["last_error"])
            about = f"payment {row['payment_id']} at {row['account_ref']}"
            print(f"{row['event_id']} ({row['kind']}, {about}): {why}, {row['failures']} times")
    if rows:
        raise typer.Exit(1)


@keys.command(epilog="Example: brimful keys issue --account acc_0190… --label backend")
def issue(
    account: AccountOption = None,
    label: Annotated[str, typer.Option(help="What it is for, to tell it from others.")] = "",
    read_only: Annotated[bool, typer.Option("--read-only", help="It may change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Issue a key. The secret is shown this once."""
    from brimful.cli import keys as command
    from brimful.settings import read_settings

    key_id, secret = run(
        command.issue(read_settings(), account=account, label=label, read_only=read_only)
    )
    print(json.dumps({"id": f"key_{key_id.hex}", "api_key": secret}) if as_json else secret)


@keys.command("list", epilog="Example: brimful keys list --account acc_0190…")
def list_keys(account: AccountOption = None, as_json: JsonOption = False) -> None:
    """List keys, by the first signs of each and never its secret."""
    from brimful.cli import keys as command
    from brimful.settings import read_settings

    rows = run(command.list_keys(read_settings(), account=account))
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        state = "revoked" if row["revoked_at"] else "active"
        rights = "read-only" if row["read_only"] else "full"
        # A label may come from the API, where its signs were not chosen for a terminal.
        label = "".join(sign if sign.isprintable() else "?" for sign in row["label"])
        print(f"{row['id']}  {row['prefix']}…  {state:7}  {rights:9}  {label}".rstrip())


def main() -> None:
    """Run a command; errors that people can mend are one line and status 2, ours are status 3."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks an arrow gets a "?"
    words = sys.argv[1:] or ["--help"]
    try:
        status = app(words, prog_name="brimful", standalone_mode=False)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as problem:
        told = one_line(problem)
        if told is None:
            traceback.print_exc()
            raise SystemExit(BROKEN) from None
        print(f"brimful: {told}", file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(status or 0)
