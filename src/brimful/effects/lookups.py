"""Looking up the names of receivers, apart from all other lookups of the process (R42).

libuv runs two lookups at a time, and one that is given up goes on: a few receivers whose name servers
are dead would keep the gateway itself from being found. Here each lookup has a thread of its own. There
are so many of them at most, and a name is looked up once at a time, so that whoever names a dead
server again and again takes one.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Sequence

# So many at once, as many as a process ever needs: ``send_webhooks`` takes its own bound from here. A place is
# held until a lookup has really ended, however long nobody has been waiting for it.
AT_ONCE = 32
Look = Callable[[str, int], Sequence[str]]
Found = asyncio.Future[Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the system's resolver; it blocks. Raises OSError and UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Lookups:
    """Lookups under way. Their threads are nobody's to wait for: a process ends without them."""

    def __init__(self, look: Look = look_up, *, at_once: int = AT_ONCE) -> None:
        self._look, self._places = look, asyncio.Semaphore(at_once)
        self._under_way: dict[tuple[str, int], Found] = {}

    async def find(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, once there is a place to look it up. Raises what the look-up does;
        whoever calls says how long it may take, and cancels it."""
        name = host, port
        if name not in self._under_way:
            await self._places.acquire()
            if name not in self._under_way:
                return await asyncio.shield(self._begin(name))
            self._places.release()  # Another that waited, too, has begun.
        return await asyncio.shield(self._under_way[name])

    def _begin(self, name: tuple[str, int]) -> Found:
        loop = asyncio.get_running_loop()

        def work() -> None:
            answer: Sequence[str] | Exception
            try:
                answer = self._look(*name)
            except Exception as problem:
                answer = problem
            # A loop that is closed has nobody who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end, name, answer)

        found: Found = loop.create_future()
        self._under_way[name] = found
        try:
            threading.Thread(target=work, name="lookup", daemon=True).start()
        except RuntimeError as full:
            self._end(name, OSError(str(full)))
        return found

    def _end(self, name: tuple[str, int], answer: Sequence[str] | Exception) -> None:
        found = self._under_way.pop(name)
        self._places.release()
        if isinstance(answer, Exception):
            found.set_exception(answer)
        else:
            found.set_result(answer)
