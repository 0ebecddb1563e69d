"""The engine as it is: what owners do with what recurs, and closing (R31, R37, R46)."""

from typing import Any

from brimful.usecases.answers import Bought
from brimful.usecases.change_period_end import (
    PeriodEndSet,
    cancel_subscription,
    release_chatbots,
    resume_subscription,
)
from brimful.usecases.change_plan import ChangeRecorded
from brimful.usecases.close_account import Closed, close_account
from tests.histories.offers import OFFERS, TREE
from tests.histories.real import Real


class RealWorld(Real):
    """All verbs of a history."""

    async def _held(self, name: str) -> list[Any]:
        """What an account has that has not ended, in the order in which it came."""
        rows: list[Any] = await self.db.fetch(
            "select subscription_id, kind from subscription where tenant_id = $1 "
            "and account_id = $2 and state <> 'ended' order by created_at, subscription_id",
            *self.ids(name).values(),
        )
        return rows

    async def _at_period_end(self, act: Any, name: str, number: int, **more: Any) -> bool:
        held = await self._held(name)
        if not held:
            return False
        answer = await act(
            self.engine.ctx,
            **self.ids(name),
            subscription_id=held[number % len(held)]["subscription_id"],
            moment=self.clock.moment(),
            **more,
        )
        return isinstance(answer, PeriodEndSet)

    async def cancel(self, name: str, number: int) -> bool:
        """Let one end with its period."""
        return await self._at_period_end(cancel_subscription, name, number)

    async def resume(self, name: str, number: int) -> bool:
        """Let one renew as it is."""
        return await self._at_period_end(resume_subscription, name, number)

    async def release(self, name: str, number: int, chatbots: int) -> bool:
        """Let extra chatbots go at period end."""
        return await self._at_period_end(release_chatbots, name, number, chatbots=chatbots)

    async def change_plan(self, name: str, number: int) -> bool:
        """Another plan."""
        held = [one for one in await self._held(name) if one["kind"] == "subscription"]
        offers = zip(self.packages[TREE[name]], OFFERS[TREE[name]], strict=True)
        plans = [package for package, offer in offers if offer.kind == "subscription"]
        if not held:
            return False
        answer = await self.engine.change_subscription(
            **self.ids(name), wait_ms=20_000, subscription_id=held[0]["subscription_id"],
            package_id=plans[number % len(plans)], key=self.sandbox.key(), body_hash=b"",
        )  # fmt: skip
        return isinstance(answer, (Bought, ChangeRecorded))

    async def close(self, name: str) -> bool:
        """For good."""
        answer = await close_account(
            self.engine.ctx, **self.ids(name), given_by="Its owner", moment=self.clock.moment()
        )
        if isinstance(answer, Closed):
            self.closed.add(name)
            self.bots.pop(name, None)
        return self.follow(answer, Closed)
