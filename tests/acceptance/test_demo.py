"""The demo and the README's session, as a newcomer would run them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder to start in, that any user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="brimful-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """Ours, with the source on the path."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"}


def test_r14_the_demo_tells_the_worked_example(place: Path) -> None:
    """The figures of R14 exactly, and the other stories, exit 0."""
    told = subprocess.run(
        [sys.executable, "-m", "brimful.cli", "demo", "--once"],
        cwd=place, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    for line in (
        "Northwind's card was charged $10.00. Pool: 9,000 → 11,000 → 1,000.",
        "Anna has 10,000 credits.",
        "1,000 credits were missing",
        "The bank's journal: $20.00 captured for the platform.",
        "Carla's chatbot is answered: temporarily_unavailable.",
        "Bluebird is answered: cap_per_month.",
        "brimful audit: the books are right.",
    ):
        assert line in told.stdout, line


def session() -> list[tuple[str, str]]:
    """The commands of the README's session with what each is said to print."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- session -->\n```console\n(.*?)```", text, re.S)
    assert block is not None
    steps = re.split(r"^\$ ", block.group(1), flags=re.M)[1:]
    return [(step.split("\n", 1)[0], step.split("\n", 1)[1]) for step in steps]


def test_the_readmes_session_prints_what_it_shows(place: Path) -> None:
    """Pasted line by line into one shell."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = subprocess.Popen(
        [sys.executable, "-m", "brimful.cli", "demo", "--port", str(port)],
        cwd=place, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        assert "The API listens on" in demo.stdout.readline()
        wait_for_port(port)
        shell = "\n".join(f"{command}\necho ----" for command, _ in session())
        ran = subprocess.run(
            ["bash", "-c", shell], cwd=place, capture_output=True, text=True, timeout=60
        )
        printed = ran.stdout.split("----\n")
        for (command, shown), got in zip(session(), printed, strict=False):
            assert got.strip() == shown.strip(), f"{command}\n{got}\n{ran.stderr}"
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"GET /docs HTTP/1.0\r\n\r\n")
            assert b"200 OK" in peer.recv(100)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=20)


def wait_for_port(port: int) -> None:
    """Until something listens there."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)  # another process is starting: there is nothing to wait upon
        else:
            return
    raise AssertionError(f"nothing listens on {port}")
