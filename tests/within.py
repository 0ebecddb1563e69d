"""`./dev test --within S`: a run that has S seconds, for a machine that may be slow.

Continuous integration ends a run at its limit and then says nothing of what was found. With this, a
test that has not begun in time is left out, and how many were is said; what fails is named at once;
what the engine promises is tried first and the long campaigns last. A machine of usual speed leaves
nothing out (docs/decisions/0042).
"""

import os
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator

import pytest

# Seconds since 1970 at which the run's time is over; set for its processes by the one that starts them.
UNTIL = "BRIMFUL_TESTS_UNTIL"
LEFT_OUT = "left out: the time of this run was over"
# What was begun in time has so many seconds more, and is left out when it has not ended by then.
GRACE_S = 120
# A test is taken to hang after so many times its own limit.
PATIENCE = 4
# Folders of tests in the order of what they say for their seconds.
FIRST_TO_LAST = (
    "domain", "ledger", "usecases", "public_failures", "gateways", "events", "api", "webhooks",
    "notices", "client", "models", "db", "archive", "cli", "seeded_bugs",
    "simulator", "histories", "benchmarks", "acceptance",
)  # fmt: skip


def left_s() -> float:
    """How many seconds this run has left to begin something; fewer than none when they are over."""
    return float(os.environ.get(UNTIL, "inf")) - time.time()


def time_is_over() -> bool:
    """Whether nothing more should be begun."""
    return left_s() < 0


def as_time_allows(count: int) -> Iterator[int]:
    """Numbers below ``count``, as ``range``, but no further than the first once the time is over."""
    for number in range(count):
        if number and time_is_over():
            return
        yield number


def in_order(files: Iterable[str]) -> list[str]:
    """Test files, those first that are to be tried first."""
    places = {folder: place for place, folder in enumerate(FIRST_TO_LAST)}

    def place(file: str) -> int:
        return places.get(file.removeprefix("tests/").split("/")[0], len(places))

    return sorted(files, key=place)


def dealt(sizes: dict[str, int], hands: int) -> list[str]:
    """Files in order, dealt to so many processes that each get an equal part of the list from front to
    back: all of them begin with what is to be tried first."""
    parts: list[list[str]] = [[] for _ in range(hands)]
    held = [0] * hands
    for file, size in sizes.items():
        least = held.index(min(held))
        parts[least].append(file)
        held[least] += size
    return [file for part in parts for file in part]


class Within:
    """The plugin of a run that has so many seconds."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.left_out: set[str] = set()
        # What was under way when there was no more time.
        self.cut = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What is to be tried first comes first, in every process."""
        by_file: dict[str, list[pytest.Item]] = {}
        for item in items:
            by_file.setdefault(item.nodeid.split("::")[0], []).append(item)
        sizes = {file: len(by_file[file]) for file in in_order(by_file)}
        hands = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        items[:] = [item for file in dealt(sizes, hands) for item in by_file[file]]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test has more than its own limit, but no longer than this run."""
        limit = item.get_closest_marker("timeout")
        limit_s = limit.args[0] if limit else float(self.config.getini("timeout"))
        most_s = limit_s * PATIENCE
        if not time_is_over():
            # What does not begin any more is only skipped: an alarm would come between two tests.
            most_s = min(most_s, left_s() + GRACE_S)
        item.add_marker(pytest.mark.timeout(most_s), append=False)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Nothing begins after the time is over."""
        if time_is_over():
            pytest.skip(LEFT_OUT)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """What this run had no more time for did not fail, nor does what it left behind."""
        report = yield
        if call.excinfo is not None and left_s() + GRACE_S < 1:
            if str(call.excinfo.value).startswith("Timeout"):
                self.cut = item.nodeid
            if self.cut == item.nodeid:
                report.outcome = "skipped"
                report.longrepr = (str(item.path), 0, LEFT_OUT)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name what failed as soon as it did, and count what was left out."""
        if "PYTEST_XDIST_WORKER" in os.environ:
            return
        if report.failed:
            why = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
            said = f"\nFAILED {report.nodeid} ({report.when}): {why[:600]}"
            self.config.pluginmanager.get_plugin("terminalreporter").write_line(said)
        if report.skipped and LEFT_OUT in str(report.longrepr):
            self.left_out.add(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was left out, or that nothing was."""
        terminalreporter.section("within the time of this run")
        for line in self.said():
            terminalreporter.write_line(line)

    def said(self) -> Iterator[str]:
        """The lines of the summary."""
        if not self.left_out:
            yield "no test was left out"
            return
        yield f"{len(self.left_out)} tests were LEFT OUT: this machine is too slow for all of them"
        files = [test.split("::")[0] for test in self.left_out]
        folders = Counter("/".join(file.split("/")[:2]) for file in files)
        for folder, count in sorted(folders.items()):
            yield f"  {count:5}  {folder}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option --within."""
    parser.addoption(
        "--within", type=int, metavar="S", help="begin no test when S seconds have passed"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Note the end of the time for all processes of this run."""
    within = config.getoption("--within")
    if within is not None:
        os.environ.setdefault(UNTIL, str(time.time() + within))
        config.pluginmanager.register(Within(config))
