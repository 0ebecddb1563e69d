"""Customers of an API that may go away at any instant: each repeats a request under its key until it
has a final answer."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

# Answers that ask for the same request again: pending, an outage, a demand that ended unserved.
AGAIN = (202, 503)
PAUSE_S = 0.3
WAIT_MS = 4_000


@dataclass(slots=True)
class Request:
    """One command under its key, and what was answered to it so far."""

    client: str
    path: str
    key: str
    body: dict[str, Any]
    interrupted: int = 0
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def spends(self) -> bool:
        """A spend, not a purchase."""
        return self.path.endswith("/spends")

    @property
    def accepted(self) -> dict[str, Any] | None:
        """The answer that says it is done, if there is one."""
        status, body = self.answers[-1] if self.answers else (0, {})
        return body if status in (200, 201) else None


@dataclass(slots=True)
class Client:
    """Who calls: its name, key and account, and what it may buy (none: it only spends)."""

    name: str
    secret: str
    account: str
    packages: Sequence[str]
    spends: tuple[int, int]


class Load:
    """Several requests of each client at a time, until told to stop; every request is kept."""

    def __init__(self, url: str, seed: int) -> None:
        self._url, self._seed = url, seed
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self.requests: list[Request] = []
        self.statuses: Counter[str] = Counter()

    def start(self, clients: Sequence[Client], at_a_time: int) -> None:
        """Begin."""
        for client in clients:
            for lane in range(at_a_time):
                self._tasks.append(asyncio.create_task(self._work(client, lane)))

    async def drain(self, timeout_s: float) -> None:
        """Begin nothing new, and wait until every request has its final answer."""
        self._stop.set()
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """Give up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def again(self, request: Request, http: httpx.AsyncClient) -> httpx.Response:
        """Send a request as it was sent before."""
        return await http.post(
            request.path, json=request.body, headers={"Idempotency-Key": request.key}
        )

    def http(self, client: Client) -> httpx.AsyncClient:
        """A connection pool with a client's key."""
        return httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {client.secret}"},
            timeout=httpx.Timeout(20),
            verify=False,
            trust_env=False,
        )

    async def _work(self, client: Client, lane: int) -> None:
        rng = random.Random(f"{self._seed}/{client.name}/{lane}")
        async with self.http(client) as http:
            for number in range(1_000_000):
                if self._stop.is_set():
                    return
                request = self._wish(
                    client, f"{client.name.replace(' ', '-')}-{lane}-{number}", rng
                )
                self.requests.append(request)
                # An impatient customer sends its request twice at once, as browsers do.
                twice = 2 if rng.random() < 0.2 else 1
                await asyncio.gather(*(self._until_final(request, http) for _ in range(twice)))

    def _wish(self, client: Client, key: str, rng: random.Random) -> Request:
        path = f"/v1/accounts/{client.account}"
        # Less than half of what is spent is bought by hand: auto-billing has work to the end.
        if client.packages and rng.random() < 0.15:
            body = {"package_id": rng.choice(client.packages), "quantity": rng.randint(1, 3)}
            path += "/purchases"
        else:
            body = {"credits": rng.randint(*client.spends)}
            path += "/spends"
        return Request(client.name, path, key, {**body, "wait_ms": WAIT_MS})

    async def _until_final(self, request: Request, http: httpx.AsyncClient) -> None:
        while True:
            try:
                reply = await self.again(request, http)
            except httpx.HTTPError as problem:
                self.statuses[type(problem).__name__] += 1
                request.interrupted += 1
                await asyncio.sleep(PAUSE_S)
                continue
            body = reply.json()
            self.statuses[f"{reply.status_code} {body.get('code') or body['status']}"] += 1
            if reply.status_code not in AGAIN:
                request.answers.append((reply.status_code, body))
                return
            await asyncio.sleep(PAUSE_S)
