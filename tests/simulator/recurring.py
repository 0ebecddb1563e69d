"""What recurs: chatbots with their seats, and the plans that change and end (R4, R11, R31, R37)."""

from random import Random
from typing import Any
from uuid import UUID

from brimful.billing.listings import list_page
from brimful.usecases.answers import Missing
from brimful.usecases.change_period_end import (
    cancel_subscription,
    release_chatbots,
    resume_subscription,
)
from brimful.usecases.delete_chatbot import delete_chatbot
from brimful.usecases.keep_chatbots import keep_chatbots
from brimful.wiring import Engine
from tests.simulator.callers import Callers
from tests.simulator.model import Ask, LetGo, Model
from tests.simulator.stage import Stage


class Recurring:
    """The verbs of chatbots and subscriptions, drawn and done."""

    VERBS = (
        "chatbot", "delete_chatbot", "keep_chatbots", "seats", "change", "cancel", "resume", "release",
    )  # fmt: skip

    def __init__(self, stage: Stage, model: Model, callers: Callers) -> None:
        self.stage, self.model, self.callers = stage, model, callers

    def _who(self, random: Random) -> str:
        return random.choice(list(self.stage.world.tree))

    def _ask(self, number: int, verb: str, who: str, random: Random, **more: Any) -> Ask:
        wait_ms = random.choice(self.stage.swarm.waits_ms)
        ask = Ask(number, verb, who, random, wait_ms=wait_ms, **more)
        self.model.asks.append(ask)
        return ask

    async def chatbot(self, number: int, random: Random) -> None:
        """Somebody creates a chatbot; who sells and chose so has its seat bought (R4)."""
        who = random.choice((self._who(random), random.choice(self.stage.world.sellers[1:])))
        ask = self._ask(number, "chatbot", who, random)
        await self.callers.ask(ask, times=random.choice((1, 1, 3)))

    async def delete_chatbot(self, number: int, random: Random) -> None:
        """A chatbot is deleted, which frees its seat (R4)."""
        known = [one for who in self.stage.world.tree for one in self.model.chatbots(who)]
        if not known:
            return
        ask, times = random.choice(known), 0
        ask.deleted = True

        async def call(engine: Engine) -> Any:
            nonlocal times
            times += 1
            answer = await delete_chatbot(
                engine.ctx,
                **self.stage.ids(ask.who),
                chatbot_id=ask.object_id,
                moment=self.stage.clock.moment(),
            )
            if not isinstance(answer, Missing):
                engine.run(answer)
            return answer

        answer = await self.callers.insist(f"delete-{number}", call, random)
        if isinstance(answer, Missing) and times == 1:
            self.model.wrong(f"{ask.key} of {ask.who} was created and is not there to be deleted")

    async def keep_chatbots(self, number: int, random: Random) -> None:
        """An owner chooses which chatbots have seats when there are too few (R31)."""
        who = self._who(random)
        own = self.model.chatbots(who)
        keep: list[UUID] = [one.object_id for one in random.sample(own, min(2, len(own)))]

        async def call(engine: Engine) -> Any:
            return await keep_chatbots(
                engine.ctx, **self.stage.ids(who), keep=keep, moment=self.stage.clock.moment()
            )

        await self.callers.insist(f"keep-{number}", call, random)

    async def seats(self, number: int, random: Random) -> None:
        """Somebody buys extra chatbots by hand (R5)."""
        who = self._who(random)
        shelf = self.model.shelf(self.stage.world.tree[who], "seats")
        if not shelf:
            return
        ask = self._ask(number, "seats", who, random, quantity=random.choice((1, 1, 2, 3)))
        ask.offer = random.choice(shelf)
        await self.callers.ask(ask, times=random.choice((1, 1, 3)))

    async def change(self, number: int, random: Random) -> None:
        """Somebody takes another plan: a larger one at once, a smaller one at period end (R31, R37)."""
        who, held = await self._held(number, "subscription", random)
        if held is None:
            return
        plans = self.model.shelf(self.stage.world.tree[who], "plan")
        others = [one for one in plans if one.package_id != held["package_id"]]
        if not others:
            return
        ask = self._ask(number, "change", who, random, subscription_id=held["subscription_id"])
        ask.offer = random.choice(others)
        # What it has by then may be more than it has now.
        fewer = max(one.chatbots for one in plans) - ask.offer.chatbots
        if fewer > 0:
            self.model.let_go.append(LetGo(who, fewer, pauses=True))
        await self.callers.ask(ask, times=random.choice((1, 1, 3)))

    async def cancel(self, number: int, random: Random) -> None:
        """A subscription is to end with its period (R31)."""
        who, held = await self._held(number, None, random)
        if held is None:
            return
        # A plan may be a larger one by then.
        chatbots = held["chatbots"]
        if held["kind"] == "subscription":
            chatbots = max(one.chatbots for one in self.model.offers if one.kind == "plan")
        self.model.let_go.append(LetGo(who, chatbots, pauses=True))
        await self._at_period_end(number, cancel_subscription, who, held, random)

    async def resume(self, number: int, random: Random) -> None:
        """A subscription is to go on as it is after all."""
        who, held = await self._held(number, None, random)
        if held is not None:
            await self._at_period_end(number, resume_subscription, who, held, random)

    async def release(self, number: int, random: Random) -> None:
        """Extra chatbots go at period end, as far as nobody needs them then (R31)."""
        who, held = await self._held(number, "extra_chatbots", random)
        if held is None:
            return
        chatbots = random.randint(0, held["chatbots"])
        self.model.let_go.append(LetGo(who, chatbots, pauses=False))
        await self._at_period_end(number, release_chatbots, who, held, random, chatbots=chatbots)

    async def _at_period_end(
        self, number: int, how: Any, who: str, held: dict[str, Any], random: Random, **more: Any
    ) -> None:
        async def call(engine: Engine) -> Any:
            return await how(
                engine.ctx,
                **self.stage.ids(who),
                subscription_id=held["subscription_id"],
                moment=self.stage.clock.moment(),
                **more,
            )

        await self.callers.insist(f"{how.__name__}-{number}", call, random)

    async def _held(
        self, number: int, kind: str | None, random: Random
    ) -> tuple[str, dict[str, Any] | None]:
        """A subscription that an account sees it has; mostly of one that was told it bought some."""
        known = [ask.who for ask in self.model.asks if ask.bought and ask.verb in ("plan", "seats")]
        who = random.choice(known) if known and random.random() < 0.8 else self._who(random)

        async def call(engine: Engine) -> Any:
            return await list_page(
                engine.ctx.db, "list_subscriptions", **self.stage.ids(who), after=None, limit=20
            )

        rows = await self.callers.insist(f"list-{number}", call, random)
        held = [row for row in rows if row["state"] != "ended" and kind in (None, row["kind"])]
        return who, random.choice(held) if held else None
