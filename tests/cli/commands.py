"""Commands as people start them: real processes, their words, their exit status."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BRIMFUL = ("-m", "brimful.cli")
TESTBANK = ("-m", "brimful_testbank")
ENDS_WITHIN_S = 60


def environment(**more: str) -> dict[str, str]:
    """This machine's, without settings of brimful but those given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BRIMFUL_", "DATABASE_URL"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "80", **more}


def run(
    *words: str, cwd: Path, program: tuple[str, ...] = BRIMFUL, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, *program, *words],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_S,
    )


def assert_one_line(ended: subprocess.CompletedProcess[str], *parts: str) -> None:
    """It was refused: exit status 2, one line on standard error with these parts, nothing else."""
    assert ended.returncode == 2, f"{ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    assert ended.stdout == ""
    assert ended.stderr.startswith("brimful") and ended.stderr.endswith("\n"), ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    for part in parts:
        assert part in ended.stderr, ended.stderr


class Running:
    """A command that runs until it is ended."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def line(self) -> str:
        """The next line it says; empty when it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def end(self, by: signal.Signals) -> int:
        """End it by a signal; its exit status."""
        self._process.send_signal(by)
        return self._process.wait(timeout=ENDS_WITHIN_S)


@contextlib.contextmanager
def running(
    *words: str, cwd: Path, program: tuple[str, ...] = BRIMFUL, **env: str
) -> Iterator[Running]:
    """Start a command; ended afterwards if it still runs. What goes wrong is said in our own log."""
    with subprocess.Popen(
        [sys.executable, *program, *words],
        cwd=cwd,
        env=environment(**env),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder to start in, that any user may pass through: the embedded server is not root."""
    made = Path(tempfile.mkdtemp(prefix="brimful-cli-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    """A loopback port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]
