"""The demo and the README's session, as a newcomer would run them."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
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


def told_by_the_demo(place: Path) -> dict[str, str]:
    """Its stories, each under its heading; it must end well."""
    told = subprocess.run(
        [sys.executable, "-m", "brimful.cli", "demo", "--once"],
        cwd=place, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    parts = re.split(r"^── (.*)\n", told.stdout, flags=re.M)[1:]
    return dict(zip(parts[0::2], parts[1::2], strict=True))


def in_order(story: str, *lines: str) -> None:
    """The lines, whole, one after another."""
    there = [line.strip() for line in story.splitlines()]
    for line in lines:
        assert line in there, f"{line!r} is not in its place in\n{story}"
        there = there[there.index(line) + 1 :]


def test_r14_the_demo_tells_the_worked_example_and_the_other_stories(place: Path) -> None:
    """The figures of R14 exactly, by the books and by the bank's journal, each story with what was
    decided and why."""
    stories = told_by_the_demo(place)
    rules = [re.search(r"\((R\d+)\)", head) for head in stories]
    assert [rule and rule[1] for rule in rules[:5]] == ["R14", "R17", "R18", "R29", "R28"]
    signs_up, query, declined, replaced, cap = list(stories.values())[:5]
    in_order(
        signs_up,
        "Anna is answered: done.",
        "Why Northwind was charged:",
        "1 operation(s) needed 10,000 credits; the pool had 9,000 credits; 1,000 credits were missing.",
        "best cover: 1 × 2,000 credits for $10.00 (chosen)",
        "The bank's journal: $10.00 captured for the platform.",
        "Northwind's card was charged $10.00. Pool: 9,000 → 11,000 → 1,000.",
        "Anna has 10,000 credits.",
        "Notice to Northwind: Auto-billing bought 2,000 credits for $10.00.",
    )
    assert signs_up.count("captured for the platform") == 1
    in_order(
        query,
        "Boris's chatbot is answered: done.",
        "Why Boris of Bluebird was charged:",
        "Why Bluebird was charged:",
        "best cover: 2 × 2,000 credits for $20.00 (chosen)",
        "The bank's journal: $20.00 captured for the platform.",
        "The bank's journal: $25.00 captured for the agency.",
    )
    in_order(declined, "The bank's journal: nothing was captured.")
    assert "Carla's chatbot is answered: temporarily_unavailable." in declined
    assert "What Cedar tried to buy:" in declined and "(chosen)" in declined
    in_order(replaced, "Carla's chatbot is answered: done.", "Why Cedar was charged:")
    assert "Bluebird is answered: cap_per_month." in cap
    in_order(cap, "The bank's journal: nothing was captured.")
    in_order(stories["The books"], "brimful audit: the books are right.")
    tells_the_month(*list(stories.values())[5:-1])


def tells_the_month(begins: str, renews: str, late: str, released: str) -> None:
    """The month in the life, to the unit: who paid, what lapsed, what was bought for whom."""
    in_order(
        begins,
        "It is 2027-01-31 09:00:00 UTC.",
        "Northwind            1,000   0         31,000    0      30,000",
        "Anna of Northwind    6,000   0         10,000    4,000  0",
    )
    in_order(
        renews,
        "It is 2027-02-28 09:00:00 UTC.",
        "The bank's journal: $99.00 captured for the agency.",
        "The bank's journal: $99.00 captured for the agency.",
        "2 operation(s) needed 20,000 credits; the pool had 1,000 credits; 19,000 credits were missing.",
        "best cover: 4 × 2,000 credits + 1 × 12,500 credits for $90.00 (chosen)",
        "Northwind            1,500   0         51,500    0      50,000",
        "Anna of Northwind    10,000  0         20,000    4,000  0",
        "Boris of Northwind   10,000  0         20,000    0      0",
        "Dmitri of Northwind  0       0         10,000    0      0",
        "6,000 credits of Anna of Northwind lapsed with their month.",
        "10,000 credits of Boris of Northwind lapsed with their month.",
        "10,000 credits of Dmitri of Northwind lapsed with their month.",
        "Notice to Dmitri of Northwind: Your renewal is past due.",
    )
    assert renews.count("captured for the platform") == 1
    assert "The bank's journal: $90.00 captured for the platform." in renews
    in_order(
        late,
        "2027-02-28 09:00:00 UTC: Dmitri's card was tried, and declined.",
        "2027-02-28 10:00:00 UTC: Dmitri's card was tried, and declined.",
        "2027-02-28 16:00:00 UTC: Dmitri's card was tried, and declined.",
        "The bank's journal: nothing was captured.",
        "Dmitri saves another card.",
        "Dmitri paid $99.00, and Northwind bought what it lacked for him.",
        "Northwind            4,000   0         64,000    0     60,000",
        "Dmitri of Northwind  10,000  0         20,000    0     0",
    )
    assert "The bank's journal: $50.00 captured for the platform." in late
    in_order(
        released,
        "The bank's journal: $15.00 captured for the platform.",
        "The bank's journal: $49.00 captured for the agency.",
        "Northwind has 0 chatbots free.",
        "Carla of Northwind has 3 chatbots free.",
        "It is 2027-04-02 10:00:00 UTC.",
        "Northwind has 3 chatbots free.",
        "Carla of Northwind has 0 chatbots free.",
        "It is 2027-05-02 10:00:00 UTC.",
        "Northwind has 0 chatbots free.",
        "Nobody needs them any more, so they are released and not paid for again.",
    )


def session() -> list[tuple[str, str]]:
    """The commands of the README's session with what each is said to print."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- session -->\n```console\n(.*?)```", text, re.S)
    assert block is not None
    steps = re.split(r"^\$ ", block.group(1), flags=re.M)[1:]
    return [(step.split("\n", 1)[0], step.split("\n", 1)[1]) for step in steps]


def run_session(place: Path) -> list[tuple[str, str]]:
    """Its commands, pasted line by line into one shell: what each printed, and its exit status."""
    shell = "\n".join(f'{command}\necho "---- $?"' for command, _ in session())
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell],
        cwd=place, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    parts = re.split(r"---- (\d+)\n", ran.stdout)
    assert parts.pop() == "" and not ran.stderr, ran.stdout + ran.stderr
    return list(zip(parts[0::2], parts[1::2], strict=True))


def fetch(url: str) -> tuple[str, bytes]:
    """What is served at an address, with its type."""
    nothing_between = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with nothing_between.open(url, timeout=20) as answer:
        return answer.headers["content-type"], answer.read()


def check_documentation(url: str) -> None:
    """The page, all that it loads, from this server alone, and the description that it shows."""
    kind, page = fetch(f"{url}/docs")
    assert kind.startswith("text/html")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert all(asset.startswith("/") for asset in assets)
    kinds = {asset.rsplit(".", 1)[1]: fetch(url + asset) for asset in assets}
    assert {"js", "css", "png"} <= set(kinds)
    assert "javascript" in kinds["js"][0] and len(kinds["js"][1]) > 100_000
    assert kinds["css"][0].startswith("text/css") and b".swagger-ui" in kinds["css"][1]
    assert "/openapi.json" in page.decode()
    described = json.loads(fetch(f"{url}/openapi.json")[1])
    assert described["openapi"].startswith("3.1")
    assert "post" in described["paths"]["/v1/accounts/{account_id}/spends"]


def test_the_readmes_session_prints_what_it_shows(place: Path) -> None:
    """Every command of it does its work and prints that; the documentation is there."""
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
        ran = run_session(place)
        assert len(ran) == len(session()) >= 6
        for (command, shown), (printed, status) in zip(session(), ran, strict=True):
            assert (printed.strip(), status) == (shown.strip(), "0"), command
        check_documentation(f"http://127.0.0.1:{port}")
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
