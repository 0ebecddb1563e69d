"""While the database is away, callers that wait fill no log with tracebacks (R20)."""

from typing import Any, cast
from uuid import UUID

from structlog.testing import capture_logs

from brimful.db.address import DatabaseGone
from brimful.db.transaction import Database
from brimful.effects.waiting import Waiters

ID = UUID(int=1)


class Away:
    """A database that cannot be asked."""

    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    async def fetch(self, *asked: Any) -> Any:
        """No answer."""
        raise self._problem


async def test_r20_a_database_that_is_away_is_told_in_a_line() -> None:
    """As a scan tells it: a warning that says why. The caller has no answer yet."""
    waiters = Waiters(cast(Database, Away(DatabaseGone("it is being restarted"))))
    with capture_logs() as logs:
        assert await waiters.wait(ID, ID, 0.01) is None
        await waiters.stop()
    assert logs
    for line in logs:
        assert (line["event"], line["log_level"]) == ("waiting_without_database", "warning")
        assert line["why"] == "it is being restarted" and "exc_info" not in line


async def test_r20_a_fault_of_ours_is_told_whole() -> None:
    """With its traceback, at the level of errors; the next look may pass."""
    waiters = Waiters(cast(Database, Away(OSError("no such thing"))))
    with capture_logs() as logs:
        assert await waiters.wait(ID, ID, 0.01) is None
        await waiters.stop()
    assert {(line["event"], line["log_level"]) for line in logs} == {
        ("waiting_poll_failed", "error")
    }
    assert all(line["exc_info"] for line in logs)
