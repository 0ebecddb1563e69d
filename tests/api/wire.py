"""One connection to the API, and its answers to the byte."""

import asyncio
import contextlib
import http.client
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.api.dump import everything
from tests.api.routes import BELOW, GOOD, Route
from tests.api.tree import Ids, Tree
from tests.builders.http import serving_api

BAD_BODY = b'{"nonsense": [], "package_id": 7}'
MALFORMED = b"{"
BAD_QUERY = "?limit=0&after=x&resource=y"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers but for the date, and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, None where there is none."""
        return json.loads(self.body) if self.body else None

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        return self.json["code"] if self.status >= 400 else None


class Wire:
    """Asks one thing after another."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.asked = 0

    def send(
        self,
        verb: str,
        path: str,
        authorization: str | None,
        *,
        body: bytes | None = None,
        key: str | None = None,
    ) -> Answer:
        """One request."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if authorization is not None:
            headers["Authorization"] = authorization
        if key is not None:
            headers["Idempotency-Key"] = key
        self._connection.request(verb, path, body=body, headers=headers)
        reply = self._connection.getresponse()
        self.asked += 1
        told = tuple((k, v) for k, v in reply.getheaders() if k.lower() != "date")
        return Answer(reply.status, told, reply.read())

    def ask(
        self,
        route: Route,
        secret: str | None,
        ids: Mapping[str, str],
        *,
        key: str | None = "wall",
        body: bytes | None = None,
        query: str = "",
        verb: str | None = None,
    ) -> Answer:
        """One operation with a good body, or another; or by another verb."""
        if body is None and route.body is not None:
            body = fill(GOOD[route.body], ids)
        path = (BELOW + route.path).format(**ids) + query
        authorization = None if secret is None else f"Bearer {secret}"
        return self.send(verb or route.verb, path, authorization, body=body, key=key)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def fill(body: Mapping[str, Any], ids: Ids) -> bytes:
    """A body whose ids in braces are those given."""
    text = json.dumps(body)
    for what, one in ids.items():
        text = text.replace(f"{{{what}}}", one)
    return text.encode()


@contextlib.asynccontextmanager
async def served(tree: Tree) -> AsyncIterator[Wire]:
    """A connection to the API of the tree, without a worker beside it."""
    async with serving_api(tree.world, with_worker=False) as url:
        wire = Wire(url)
        try:
            yield wire
        finally:
            wire.close()


async def changes_nothing(tree: Tree, walk: Callable[[Tree, Wire], None]) -> int:
    """Walk; every table and the bank must be as before. Returns how much was asked."""
    before = await everything(tree.world)
    async with served(tree) as wire:
        await asyncio.to_thread(walk, tree, wire)
    after = await everything(tree.world)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == set(), changed
    return wire.asked
