"""Events: each change is posted to the shop, signed; on request late, twice, shuffled or never."""

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import time
from typing import Any

import httpx

TRIES = 5


def sign(secret: str, body: bytes, at_s: int) -> str:
    """The signature header of a body sent at a Unix time."""
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={mac.hexdigest()}"


class Events:
    """The deliveries of one bank."""

    def __init__(self, url: str | None, secret: str) -> None:
        self.url, self._secret = url, secret
        self.mode: dict[str, Any] = {"delay_ms": 0, "copies": 1, "shuffle": False, "drop": False}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None

    def send(self, payment: dict[str, Any], kind: str) -> None:
        """Deliver that a payment changed, as the mode says."""
        about = {name: payment[name] for name in ("amount", "currency", "metadata")}
        self._send(f"payment.{kind}", payment["merchant"], {"payment": payment["id"], **about})

    def send_account(self, merchant: str, kind: str) -> None:
        """Deliver that a merchant's account changed."""
        self._send(f"account.{kind}", merchant, {"metadata": {}})

    def send_page(self, page: dict[str, Any]) -> None:
        """Deliver that a visitor has saved a card on a page, as the mode says."""
        self._send("page.completed", page["merchant"], {"page": page["id"], "metadata": {}})

    def send_method(self, method: dict[str, Any]) -> None:
        """Deliver that a network has replaced a card that is saved here."""
        self._send("method.updated", method["merchant"], {"method": method["id"], "metadata": {}})

    def _send(self, kind: str, merchant: str, about: dict[str, Any]) -> None:
        if self.url is None or self.mode["drop"]:
            return
        event = {
            "id": f"evt_{secrets.token_hex(10)}",
            "kind": kind,
            "mode": "test",
            "account": merchant,
            "created": int(time.time()),
            **about,
        }
        for _ in range(int(self.mode["copies"])):
            late = self.mode["delay_ms"] / 1000
            if self.mode["shuffle"]:
                late += random.random() * 0.2
            task = asyncio.get_running_loop().create_task(self._deliver(event, late))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: dict[str, Any], late_s: float) -> None:
        await asyncio.sleep(late_s)
        body = json.dumps(event).encode()
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=5)
        for again in range(TRIES):
            headers = {
                "content-type": "application/json",
                "testbank-signature": sign(self._secret, body, int(time.time())),
            }
            try:
                reply = await self._client.post(str(self.url), content=body, headers=headers)
                if reply.is_success:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1 * 2**again)

    async def close(self) -> None:
        """Stop delivering."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
