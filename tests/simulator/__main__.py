"""./dev simulate: many seeds, a report; or one seed again, with all that happened in it."""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulator.campaign import environment, run_all, server, simulate
from tests.simulator.report import Report
from tests.simulator.run import Outcome


class Enough(Exception):
    """No further seed is wanted."""


def number(text: str) -> int:
    """A whole number that is not negative."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a whole number is expected, not {text!r}")
    return int(text)


def options() -> argparse.Namespace:
    """What is wanted."""
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__)
    parser.add_argument("--seeds", type=number, default=100, help="how many (100)")
    parser.add_argument("--from", type=number, default=0, dest="first", help="the first (0)")
    parser.add_argument("--jobs", type=number, default=2, help="processes (2)")
    parser.add_argument("--within", type=number, help="begin no further seed after so many seconds")
    parser.add_argument(
        "--at", metavar="NAME", help="only seeds that keep whoever is about to do this statement, "
        "commit or call, as a trace names it (billing.read_purchases, call confirm)",
    )  # fmt: skip
    parser.add_argument(
        "--until-first", action="store_true", dest="stop", help="stop at a violation"
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--trace", action="store_true", help="print each step of the seeds")
    return parser.parse_args()


def campaign(wanted: argparse.Namespace) -> Report:
    """All seeds, with a bar while they run."""
    report, began = Report(), time.monotonic()
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    bar = Progress(
        TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task("seeds", total=len(seeds), failed=0)

        def seen(outcome: Outcome) -> None:
            report.add(outcome)
            bar.update(task, advance=1, failed=len(report.failed))
            if report.failed and wanted.stop:
                raise Enough

        with contextlib.suppress(Enough):
            asyncio.run(run_all(seeds, max(1, wanted.jobs), wanted.within, wanted.at, seen))
    report.seconds = time.monotonic() - began
    return report


def traced(wanted: argparse.Namespace) -> Report:
    """The seeds in this process, each step printed."""
    report, began = Report(), time.monotonic()
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    with asyncio.Runner() as runner:
        running = server()
        dsn = runner.run(running.__aenter__())
        try:
            for outcome in simulate(dsn, "simulated", seeds, keep_trace=True):
                print(f"# seed {outcome.seed}", *outcome.trace, sep="\n")
                report.add(outcome)
        finally:
            runner.run(running.__aexit__(None, None, None))
    report.seconds = time.monotonic() - began
    return report


def main() -> int:
    """0 when nothing was found, 1 otherwise."""
    wanted = options()
    if wanted.trace and os.environ.get("PYTHONHASHSEED") != "0":
        command = [sys.executable, "-m", "tests.simulator", *sys.argv[1:]]
        os.execve(sys.executable, command, environment())
    report = traced(wanted) if wanted.trace else campaign(wanted)
    if wanted.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        report.show(Console(width=None if sys.stdout.isatty() else 110))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
