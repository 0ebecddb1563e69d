"""R42: names whose servers are dead keep nobody else's name from being found."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from brimful.domain.webhook import Answered, NotReached
from brimful.effects.http_post import Poster
from brimful.effects.lookups import Lookups
from tests.builders.held import SOON_S
from tests.builders.hooks import receiving

# More than the event loop's own lookups can be at once.
HANGING = 30
DEAD = ".dead.example"


class Resolver:
    """A resolver that hangs over dead names until it is let go; others lead to this machine."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), list[str]()

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a name."""
        self.asked.append(host)
        if host.endswith(DEAD):
            self.go.wait()
        return ["127.0.0.1"]


@contextlib.contextmanager
def hanging() -> Iterator[Resolver]:
    """One that is let go at the end."""
    resolver = Resolver()
    try:
        yield resolver
    finally:
        resolver.go.set()


async def has_asked(resolver: Resolver, count: int) -> None:
    """Wait until so many lookups have begun."""
    async with asyncio.timeout(SOON_S):
        while len(resolver.asked) < count:
            await asyncio.sleep(0.01)


async def test_r42_dead_names_hold_up_no_other_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of the process, such as the gateway's, nor other receivers'."""
    with hanging() as resolver:
        true = socket.getaddrinfo

        def system(host: str, port: int, *args: int, **more: int) -> object:
            resolver(host, port)
            return true("127.0.0.1", port, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", system)
        poster = Poster(production=False, timeout_s=30)
        urls = [f"https://{nth}{DEAD}/" for nth in range(HANGING)]
        posts = [asyncio.create_task(poster.post(url, {}, b"")) for url in urls]
        async with receiving() as receiver, asyncio.timeout(SOON_S):
            await asyncio.sleep(0)
            await asyncio.get_running_loop().getaddrinfo("localhost", 443)
            port = receiver.url.split(":")[2].split("/")[0]
            assert await poster.post(f"http://localhost:{port}/", {}, b"") == Answered(204)
        assert not any(post.done() for post in posts)
        for post in posts:
            post.cancel()
        await poster.close()


async def test_r42_a_lookup_keeps_its_place_until_it_ends() -> None:
    """Given up by its post it still takes one; a post that gets none in time has failed, and the next
    one finds a place again."""
    with hanging() as resolver:
        poster = Poster(production=False, timeout_s=0.2, find=Lookups(resolver, at_once=2).find)
        urls = [f"https://{nth}{DEAD}/" for nth in range(3)]
        answers = await asyncio.gather(*(poster.post(url, {}, b"") for url in urls))
        assert answers == [NotReached("timeout")] * 3
        assert await poster.post("https://good.example/", {}, b"") == NotReached("timeout")
        assert sorted(resolver.asked) == [f"{nth}{DEAD}" for nth in range(2)]
        resolver.go.set()
        patient = Poster(production=False, find=poster._find)
        assert await patient.post("https://good.example:9/", {}, b"") == NotReached(
            "connection_failed"
        )
        await patient.close()


async def test_r42_a_name_is_looked_up_once_at_a_time() -> None:
    """Whoever names one dead server again and again takes one place; all hear its answer."""
    with hanging() as resolver:
        lookups = Lookups(resolver, at_once=1)
        first = asyncio.create_task(lookups.find(f"a{DEAD}", 443))
        await has_asked(resolver, 1)
        first.cancel()
        others = [asyncio.create_task(lookups.find(f"a{DEAD}", 443)) for _ in range(3)]
        waiting = asyncio.create_task(lookups.find("good.example", 443))
        await asyncio.sleep(0)
        resolver.go.set()
        assert await asyncio.gather(*others, waiting) == [["127.0.0.1"]] * 4
        assert resolver.asked == [f"a{DEAD}", "good.example"]


async def test_r42_a_process_ends_without_lookups_that_hang() -> None:
    """Their threads are daemons; what a name is not found for is told to whoever asks."""
    with hanging() as resolver:
        task = asyncio.create_task(Lookups(resolver).find(f"a{DEAD}", 443))
        await has_asked(resolver, 1)
        threads = [one for one in threading.enumerate() if one.name == "lookup"]
        assert threads and all(one.daemon for one in threads)
        task.cancel()

    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    poster = Poster(production=False, find=Lookups(unknown).find)
    assert await poster.post("https://gone.example/", {}, b"") == NotReached("no_such_host")
