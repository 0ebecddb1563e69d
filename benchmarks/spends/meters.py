"""What a run costs: seconds of the processors and memory by process, and bytes of the write-ahead log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """Sums since the processes began: CPU seconds by name; a position in the write-ahead log."""

    cpu_s: Mapping[str, float]
    wal: int

    def since(self, earlier: "Reading") -> "Reading":
        """What was used from an earlier reading to this one."""
        cpu_s = {name: used - earlier.cpu_s.get(name, 0.0) for name, used in self.cpu_s.items()}
        return Reading(cpu_s, self.wal - earlier.wal)


class Meter:
    """Reads processes, each with all that it started, and the database ``connection`` is of."""

    def __init__(self, connection: Any, processes: Mapping[str, list[int]]) -> None:
        self._connection = connection
        self._processes = processes

    def beside(self, name: str, pid: int) -> "Meter":
        """This meter with one process more."""
        return Meter(self._connection, {**self._processes, name: [pid]})

    async def read(self) -> Reading:
        """Now."""
        wal = await self._connection.fetchval(
            "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
        )
        cpu_s = {
            name: sum(cpu_seconds(pid) for pid in pids) for name, pids in self._processes.items()
        }
        return Reading(cpu_s, int(wal))

    def memory_mib(self) -> dict[str, float]:
        """What each occupies now; memory that processes share is counted once."""
        return {
            name: round(sum(memory_bytes(pid) for pid in pids) / 2**20, 1)
            for name, pids in self._processes.items()
        }


def _tree(pid: int) -> list[Any]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Of a process, of those it started, and, where the system tells, of those that have ended."""
    used = 0.0
    for process in _tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        used += times.user + times.system + ended
    return used


def memory_bytes(pid: int) -> int:
    """Of a process and those it started: each one's fair share of what they share, where the system
    tells it, else all that each has in memory."""
    used = 0
    for process in _tree(pid):
        try:
            full = process.memory_full_info()
            used += getattr(full, "pss", full.rss)
        except psutil.AccessDenied:
            used += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return used


async def postmaster_of(connection: Any) -> int:
    """The process that a connection's server is a child of."""
    backend = psutil.Process(await connection.fetchval("select pg_backend_pid()"))
    parent: int = backend.ppid()
    return parent
