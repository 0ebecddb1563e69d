"""Run benchmarks by name, all of them without one: a table, or with --json a list of figures."""

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

BENCHMARKS = {
    "cover": "benchmarks.cover",
    "forecast": "benchmarks.forecast",
    "renewals": "benchmarks.renewals",
    "spend_http": "benchmarks.spends.spend_http",
    "spend_batch": "benchmarks.spends.spend_batch",
    "lease": "benchmarks.spends.lease",
    "spend_processes": "benchmarks.spends.spend_processes",
    "resume": "benchmarks.spends.resuming",
    "growth": "benchmarks.spends.growth",
    "soak": "benchmarks.spends.soak",
}
# Too long for a run of all: only by name.
BY_NAME = {"soak"}


def machine() -> str:
    """What the figures were taken on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    load = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, load {load:.1f} before; {platform.system()}; "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


def keep_output() -> TextIO:
    """The standard output for the figures alone: what else is written to it, such as by a solver's
    own code, goes to the standard error from now on."""
    kept = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return kept


def show(figures: list[Figure], output: TextIO) -> None:
    """The figures for people."""
    table = Table("figure", "value", "unit", "rival", "its value", "ratio")
    for column in (1, 3, 5):
        table.columns[column].no_wrap = True
    for figure in figures:
        row = figure.as_json()
        table.add_row(
            figure.name,
            f"{figure.value:,.3f}",
            figure.unit,
            figure.rival,
            "" if figure.rival_value is None else f"{figure.rival_value:,.3f}",
            "" if row["ratio"] is None else f"{row['ratio']:,.1f}",
        )
    Console(file=output, width=None if output.isatty() else 120).print(table)


def main() -> None:
    """Choose, run, print."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument(
        "name",
        nargs="*",
        help=f"which of {', '.join(BENCHMARKS)}; all but {', '.join(BY_NAME)} by default",
    )
    parser.add_argument("--json", action="store_true", help="a list of figures for machines")
    parser.add_argument(
        "--short", action="store_true", help="spends in small sizes: whether it works, not how fast"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.name) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if chosen.short:
        os.environ["BRIMFUL_BENCH_SHORT"] = "1"
    output = keep_output()
    print(machine(), file=sys.stderr, flush=True)
    figures: list[Figure] = []
    for name in chosen.name or [one for one in BENCHMARKS if one not in BY_NAME]:
        figures += importlib.import_module(BENCHMARKS[name]).run()
    if chosen.json:
        print(json.dumps([figure.as_json() for figure in figures], indent=2), file=output)
    else:
        show(figures, output)
    output.close()


if __name__ == "__main__":
    main()
