"""The launcher of our own PostgreSQL: it outlives kill -9, and never outlives its parent."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from brimful.db.embedded import CannotStart, embedded

SOURCE = str(Path(__file__).parents[2] / "src")
PARENT = """
import asyncio, json, sys
from pathlib import Path
from brimful.db.embedded import embedded

async def main():
    async with embedded(Path(sys.argv[1])) as dsn:
        print(json.dumps(dsn), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every user may pass through, as a home of data is."""
    with tempfile.TemporaryDirectory(prefix="brimful-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def ask(dsn: str, sql: str) -> object:
    """One statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def server_of(data: Path) -> int:
    """The process that serves a folder, by its own record."""
    return int((data / "pg" / "postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    """Whether a process is there; a dead one that nobody has waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(told: Callable[[], bool], what: str, within_s: float = 30) -> None:
    """Look again until it is so; fail when it never is."""
    end = time.monotonic() + within_s
    while not told():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def start_parent(data: Path) -> tuple[subprocess.Popen[str], str]:
    """A process of its own that runs the launcher, once its database answers; and the address."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SOURCE, "TMPDIR": str(data.parent)},
    )
    assert parent.stdout is not None
    return parent, json.loads(parent.stdout.readline())


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill(parent: subprocess.Popen[str]) -> None:
    """kill -9, and the end of what it printed."""
    parent.kill()
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


async def test_kill_9_of_postgres_loses_nothing_committed(home: Path) -> None:
    """The server dies in the middle of a transaction: what was committed is there at the next
    start, what was not is gone."""
    async with embedded(home) as dsn:
        await ask(dsn, "create table kept as select generate_series(1, 1000) as n")
        open_one = await asyncpg.connect(dsn)
        backend = await open_one.fetchval("select pg_backend_pid()")
        await open_one.execute("begin; insert into kept values (-1)")
        for process in (server_of(home), backend):  # a backend outlives its server for a moment
            os.kill(process, signal.SIGKILL)
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await open_one.execute("commit")
        open_one.terminate()
    for _ in range(2):
        async with embedded(home) as dsn:
            assert await ask(dsn, "select count(*) || ' ' || min(n) from kept") == "1000 1"


async def test_orphans_at_work_are_waited_for(home: Path) -> None:
    """The server is dead, one of its backends still at work: no second server joins it."""
    async with embedded(home) as dsn:
        at_work = await asyncpg.connect(dsn)
        backend = await at_work.fetchval("select pg_backend_pid()")
        busy = asyncio.ensure_future(
            at_work.execute("select count(*) from generate_series(1, 30000000)")
        )
        admin = await asyncpg.connect(dsn)
        while not await admin.fetchval(
            "select 1 from pg_stat_activity where pid = $1 and state = 'active'", backend
        ):
            pass
        os.kill(server_of(home), signal.SIGKILL)
        at_work.terminate()
        admin.terminate()
        busy.cancel()
    assert alive(backend), "too quick to prove anything"
    async with embedded(home) as dsn:
        assert not alive(backend)
        assert await ask(dsn, "select 1") == 1


async def test_an_idle_end_and_start_keeps_data_and_leaves_no_socket(home: Path) -> None:
    """The usual case; and where the socket was there is nothing."""
    async with embedded(home) as dsn:
        await ask(dsn, "create table kept as select 7 as n")
        pid, sockets = server_of(home), Path(dsn.partition("host=")[2])
        assert list(sockets.glob(".s.PGSQL.*"))
        assert await ask(dsn, "show listen_addresses") == ""
    assert not alive(pid)
    assert not sockets.exists()
    async with embedded(home) as dsn:
        assert await ask(dsn, "select n from kept") == 7


async def test_two_folders_do_not_collide(home: Path) -> None:
    """Two at once, each with its own data; one ends, the other goes on."""
    async with embedded(home / "one") as one:
        async with embedded(home / "two") as two:
            await asyncio.gather(
                ask(one, "create table mine as select 1 as n"),
                ask(two, "create table mine as select 2 as n"),
            )
            assert server_of(home / "one") != server_of(home / "two")
            assert (await ask(one, "table mine"), await ask(two, "table mine")) == (1, 2)
        assert await ask(one, "table mine") == 1


async def test_one_folder_serves_one(home: Path) -> None:
    """The second is told what to do, in this process or another; the first notices nothing."""
    async with embedded(home) as dsn:
        pid = server_of(home)
        with pytest.raises(CannotStart, match=r"another brimful is using.*BRIMFUL_DATA_DIR"):
            async with embedded(home):
                pass
        second = subprocess.run(
            [sys.executable, "-c", PARENT, str(home)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": SOURCE},
        )
        assert "another brimful is using the database" in second.stderr.splitlines()[-1]
        assert await ask(dsn, "select 1") == 1
        assert server_of(home) == pid


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes by /proc")
async def test_postgres_ends_with_its_parent(home: Path) -> None:
    """kill -9 of the parent: the server goes, its socket's folder too, and the data stays."""
    data = home / "data"
    parent, dsn = start_parent(data)
    await ask(dsn, "create table kept as select 7 as n")
    pid, sockets = server_of(data), Path(dsn.partition("host=")[2])
    kill(parent)
    until(lambda: not alive(pid), "the server outlives its parent")
    until(lambda: not sockets.exists(), "the socket's folder is left behind")
    async with embedded(data) as dsn:
        assert await ask(dsn, "select n from kept") == 7


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes by /proc")
@pytest.mark.parametrize("guarded", [True, False])
async def test_a_start_right_after_kill_9_has_the_folder_to_itself(
    home: Path, guarded: bool
) -> None:
    """The old server may still be ending, or not even know: the new one waits until it is gone, or
    the old one's end would take the new one's lock file away and with it the new one."""
    data = home / "data"
    parent, dsn = start_parent(data)
    await ask(dsn, "create table kept as select 7 as n")
    old = server_of(data)
    if not guarded:
        for child in children(parent.pid):
            if child != old:
                os.kill(child, signal.SIGKILL)
    kill(parent)
    async with embedded(data) as dsn:
        assert not alive(old)
        assert server_of(data) != old
        assert alive(server_of(data))
        assert await ask(dsn, "select n from kept") == 7


async def test_a_first_start_that_dies_is_made_good_by_the_second(home: Path) -> None:
    """kill -9 while the database is being made: half of one is not taken for a whole one."""
    half = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )
    until(lambda: any(home.rglob("PG_VERSION")), "the first start begins")
    half.kill()
    half.wait()
    async with embedded(home) as dsn:
        assert await ask(dsn, "select 1") == 1

    def cleared() -> bool:
        # What the orphan of the first start was still writing goes with the next.
        return sorted(path.name for path in home.iterdir()) == ["lock", "pg", "postgres.log"]

    async with asyncio.timeout(60):
        while not cleared():
            async with embedded(home):
                pass


async def test_what_keeps_it_from_starting_is_said(home: Path) -> None:
    """The server's own last words, and nothing left running."""
    with pytest.raises(CannotStart, match=r'unrecognized configuration parameter "colour"'):
        async with embedded(home, settings=("colour=red",)):
            pass
    async with embedded(home) as dsn:
        assert await ask(dsn, "select 1") == 1


async def test_a_stale_record_of_anothers_process_is_no_obstacle(home: Path) -> None:
    """After a machine's restart the number in the record may be anybody's: nobody is killed."""
    async with embedded(home):
        pass
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        record = home / "pg" / "postmaster.pid"
        record.write_text(f"{stranger.pid}\n{home / 'pg'}\n")
        async with embedded(home) as dsn:
            assert await ask(dsn, "select 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_no_program_of_the_machines_is_needed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small image has no ps: a start after kill -9 works all the same."""
    async with embedded(home):
        record = (home / "pg" / "postmaster.pid").read_text()
    (home / "pg" / "postmaster.pid").write_text(record)
    monkeypatch.setenv("PATH", str(home))
    async with embedded(home) as dsn:
        assert await ask(dsn, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="root's way")
async def test_root_lends_the_server_to_nobody(home: Path) -> None:
    """PostgreSQL refuses to be root. Nothing above the data is opened up or given away."""
    nobody = pwd.getpwnam("nobody").pw_uid
    async with embedded(home / "data"):
        pid = server_of(home / "data")
        assert Path(f"/proc/{pid}").stat().st_uid == nobody
        assert (home / "data").stat().st_uid == 0
        assert (home / "data" / "pg").stat().st_uid == nobody
        assert stat.S_IMODE((home / "data" / "pg").stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="root's way")
async def test_below_a_private_home_the_data_lies_apart(home: Path) -> None:
    """Root's own folder stays closed; the data is found again from the same folder."""
    home.chmod(0o700)
    apart = Path("/var/lib/brimful")
    before = set(apart.glob("*"))
    try:
        async with embedded(home / "data") as dsn:
            await ask(dsn, "create table kept as select 7 as n")
        async with embedded(home / "data") as dsn:
            assert await ask(dsn, "select n from kept") == 7
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert len(set(apart.glob("*")) - before) == 1
    finally:
        for made in set(apart.glob("*")) - before:
            shutil.rmtree(made)
