"""Accounts that run short at every spend, at one level and in a cascade of two, and how much of each
resumed spend was the gateway's time and how much ours."""

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from benchmarks.spends.http import Caller
from benchmarks.spends.world import shown
from brimful.cli.sandbox import Sandbox

# Accounts of each depth take turns.
ACCOUNTS = 10
PACK = 2_000
# Resumed spends that are begun in a second: each then has its follow-up (notices, events) behind it.
PER_SECOND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorts:
    """Accounts, as the API shows their ids, that have nothing: each spend of one pack buys one pack,
    by one purchase of the account, or by one of it and one of its seller."""

    one_level: list[str]
    cascade: list[str]


async def make_shorts(sandbox: Sandbox) -> Shorts:
    """A seller with stock and one that has none, each with buyers; all with cards and auto-billing."""
    made: dict[str, list[str]] = {}
    for seller, stocked in (("Stocked", True), ("Empty", False)):
        await sandbox.open(seller, sells=True)
        await sandbox.card(seller)
        await sandbox.auto_billing(seller)
        await sandbox.package(seller, 1_200, credits=PACK)
        if stocked:
            await sandbox.stock(seller, credits=10**9)
        made[seller] = []
        for number in range(ACCOUNTS):
            name = f"{seller} buyer {number}"
            await sandbox.open(name, seller)
            await sandbox.card(name)
            await sandbox.auto_billing(name)
            made[seller].append(shown(sandbox.names[name]))
    await sandbox.settle()
    return Shorts(one_level=made["Stocked"], cascade=made["Empty"])


@dataclass(slots=True)
class Resumed:
    """Of each resumed spend, in seconds: all of it, and what it took beside the gateway's own time."""

    total_s: list[float] = field(default_factory=list)
    ours_s: list[float] = field(default_factory=list)


async def resume(
    accounts: list[str], calls: int, *, address: str, key: str, bank_url: str, within_s: float
) -> Resumed:
    """Spend a pack again and again for ``within_s`` seconds, one after the other and ten a second at
    most, on accounts that have nothing. ``calls`` to the gateway are expected of each. Raises
    SystemExit when one is not done, or was paid otherwise."""
    resumed, caller = Resumed(), Caller(address, key)
    body = json.dumps({"credits": PACK}).encode()
    ends = time.monotonic() + within_s
    async with httpx.AsyncClient(base_url=bank_url, trust_env=False) as bank:
        await bank.get("/calls")
        number = 0
        while time.monotonic() < ends:
            account = accounts[number % len(accounts)]
            status, answer, sent_at, answered_at = await caller.ask(
                "POST", f"/v1/accounts/{account}/spends", body, Idempotency_Key=uuid4().hex
            )
            if status != 200:
                raise SystemExit(f"a short spend was answered {status}: {answer[:300]!r}")
            told = (await bank.get("/calls")).json()
            if len(told) != calls:
                raise SystemExit(f"a short spend made {len(told)} calls, not {calls}: {told}")
            gateway_s = union_s((begins, until) for _, begins, until in told)
            resumed.total_s.append(answered_at - sent_at)
            resumed.ours_s.append(answered_at - sent_at - gateway_s)
            number += 1
            await asyncio.sleep(max(0.0, 1 / PER_SECOND - (time.time() - sent_at)))
    caller.close()
    return resumed


def union_s(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of some spans lasts."""
    total, reached = 0.0, float("-inf")
    for begins, until in sorted(spans):
        total += max(0.0, until - max(begins, reached))
        reached = max(reached, until)
    return total
