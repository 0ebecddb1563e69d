"""One POST to somebody's server on the internet, by its URL, with nothing believed of it (R42).

The name is resolved once, all it leads to is vetted, and the vetted address is connected to: a name
that leads elsewhere a moment later leads nowhere. No redirect is followed, no proxy of the
environment used, nothing of the answer read but its status.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence

import httpx

from brimful.db.transaction import assert_no_transaction
from brimful.domain.webhook import Answer, Answered, NotReached
from brimful.effects.lookups import Lookups
from brimful.notices.address import Place, may_connect, read_url

TIMEOUT_S = 5.0
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Poster:
    """Posts to URLs; in ``production`` only to machines of the public internet, by https.

    ``find`` resolves names (None: by the system's resolver, in threads of its own), ``trust`` says which
    certificates are good (None: the usual ones).
    """

    def __init__(
        self,
        *,
        production: bool,
        find: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._production, self._trust = production, trust
        self._find = find or Lookups().find
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The receiver's status, or why there was none; never raises. Takes at most the time-out,
        in seconds, name and all."""
        assert_no_transaction()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except TimeoutError:
            return NotReached("timeout")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            place = read_url(url, production=self._production)
        except ValueError:
            return NotReached("url_not_allowed")
        try:
            addresses = await self._find(place.host, place.port)
        except (OSError, UnicodeError):
            return NotReached("no_such_host")
        if not may_connect(place, addresses, production=self._production):
            return NotReached("address_not_allowed")
        return await self._send(place, sorted(addresses, key=_is_v6)[0], headers, body)

    async def _send(
        self, place: Place, address: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """To the vetted address itself; Host and the certificate are those of the name."""
        host = f"[{address}]" if _is_v6(address) else address
        request = self._open().build_request(
            "POST",
            f"{place.scheme}://{host}:{place.port}{place.target}",
            headers={**headers, "host": place.authority},
            content=body,
            extensions={"sni_hostname": place.host},
        )
        try:
            reply = await self._open().send(request, stream=True)
        except httpx.TimeoutException:
            return NotReached("timeout")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as problem:
            return NotReached(_why(problem))
        await reply.aclose()
        return Answered(reply.status_code)

    def _open(self) -> httpx.AsyncClient:
        """Connections are not kept: one made to a name's machine would serve another name there."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=self._trust or True,
                trust_env=False,
                follow_redirects=False,
                timeout=self._timeout_s,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


def _is_v6(address: str) -> bool:
    return ":" in address


def _why(problem: BaseException) -> str:
    """A stable word for what went wrong; the certificate is told from the connection."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls_failed"
        cause = cause.__cause__ or cause.__context__
    return "connection_failed" if isinstance(problem, httpx.ConnectError) else "no_answer"
