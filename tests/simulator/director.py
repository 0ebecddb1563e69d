"""What happens in a run: operations in the order and mix that the seed draws, then quiet, then the end."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from random import Random
from typing import Any

from brimful.billing.catalogues import PackageKind, Terms
from brimful.usecases.publish_package import publish_package
from brimful.usecases.withdraw_package import withdraw_package
from brimful_testbank.cards import Behaviour
from tests.simulator.callers import Callers
from tests.simulator.loop import task_at
from tests.simulator.model import Ask, Model
from tests.simulator.recurring import Recurring
from tests.simulator.reversing import Reversing
from tests.simulator.stage import Stage
from tests.simulator.world import ROOT, Offered, Version, draw_limits

MOODS = {
    "insufficient_funds": Behaviour(decline="insufficient_funds"),
    "generic_decline": Behaviour(decline="generic_decline"),
    "lost_card": Behaviour(decline="lost_card", advice="do_not_try_again"),
    "expired_card": Behaviour(decline="expired_card"),
    "do_not_try_again": Behaviour(decline="generic_decline", advice="do_not_try_again"),
    "authenticate": Behaviour(authenticate=True),
    "capture_declined": Behaviour(decline_capture=True),
}
KINDS: dict[str, PackageKind] = {
    "plan": "subscription", "hand": "additional_credits", "auto": "additional_credits",
    "seats": "extra_chatbots",
}  # fmt: skip


class Director:
    """Draws and does. Each verb is a method; what takes time goes on beside the rest."""

    def __init__(self, stage: Stage, model: Model, random: Random) -> None:
        self.stage, self.model, self.random = stage, model, random
        self.callers = Callers(stage, model)
        self.reversing = Reversing(stage, model, self.callers)
        self.recurring = Recurring(stage, model, self.callers)
        self.refund = self.reversing.refund
        self.dashboard = self.reversing.dashboard
        self.dispute = self.reversing.dispute
        self.done: dict[str, int] = {}
        self._under_way: set[asyncio.Task[Any]] = set()
        self._count = 0

    async def play(self) -> None:
        """All operations of the seed, some at once."""
        swarm, random = self.stage.swarm, self.random
        verbs, weights = zip(*swarm.verbs.items(), strict=True)
        for _ in range(swarm.operations):
            self._do(random.choices(verbs, weights)[0])
            while len(self._under_way) >= swarm.at_once:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            if random.random() < 0.5:
                await asyncio.sleep(random.choice((0.01, 0.2, 2.0)) * random.random())
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    def _do(self, verb: str) -> None:
        self._count += 1
        self.done[verb] = self.done.get(verb, 0) + 1
        random = Random(self.random.getrandbits(64))
        of = self.recurring if verb in Recurring.VERBS else self
        act: Callable[[int, Random], Coroutine[Any, Any, None]] = getattr(of, verb)
        task = task_at(f"{verb}-{self._count}", None, act(self._count, random))
        self._under_way.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.model.wrong(f"{task.get_name()} raised {problem!r}")

    def _who(self, random: Random) -> str:
        return random.choice(list(self.stage.world.tree))

    async def spend(self, number: int, random: Random) -> None:
        """Somebody's chatbot is queried (R7, R8)."""
        ask = self._ask(number, "spend", self._who(random), random)
        ask.credits = random.choice((1, 10, 25, 120, 600))
        await self.callers.ask(ask, times=random.choice((1, 1, 3)))

    async def buy(self, number: int, random: Random) -> None:
        """Somebody buys credits by hand (R5)."""
        await self._buy(number, "buy", "hand", random)

    async def plan(self, number: int, random: Random) -> None:
        """Somebody subscribes."""
        await self._buy(number, "plan", "plan", random)

    async def _buy(self, number: int, verb: str, kind: str, random: Random) -> None:
        who = self._who(random)
        shelf = self.model.shelf(self.stage.world.tree[who], kind)
        if not shelf:
            return
        ask = self._ask(number, verb, who, random)
        ask.offer = random.choice(shelf)
        await self.callers.ask(ask, times=random.choice((1, 1, 3)))

    def _ask(self, number: int, verb: str, who: str, random: Random) -> Ask:
        waits = self.stage.swarm.waits_ms
        ask = Ask(number, verb, who, random, wait_ms=random.choice(waits))
        self.model.asks.append(ask)
        return ask

    async def again(self, number: int, random: Random) -> None:
        """A request is sent once more, perhaps beside the first."""
        if self.model.asks:
            await self.callers.ask(random.choice(self.model.asks), times=1)

    async def other_body(self, number: int, random: Random) -> None:
        """A key is used for something else."""
        served = [ask for ask in self.model.asks if ask.outcome == "done"]
        if served:
            await self.callers.ask(random.choice(served), times=1, body=b"another")

    async def allot(self, number: int, random: Random) -> None:
        """A gift."""
        credits, who = random.choice((5, 50, 400)), self._who(random)
        chatbots = Random(f"{number} {who}").choice((0, 0, 1))
        await self.callers.give(who, credits, chatbots, number, random)

    async def switch_off(self, number: int, random: Random) -> None:
        """An owner has had enough (R27)."""
        who = self._who(random)
        limits = self.model.setting(who).limits
        await self.callers.switch(who, random, enabled=False, limits=limits)

    async def switch_on(self, number: int, random: Random) -> None:
        """An owner consents."""
        who = self._who(random)
        limits = self.model.setting(who).limits
        await self.callers.switch(who, random, enabled=True, limits=limits)

    async def caps(self, number: int, random: Random) -> None:
        """An owner changes the caps (R28)."""
        who = self._who(random)
        enabled = self.model.setting(who).enabled
        limits = draw_limits(random, random.choice((300, 1_000)))
        await self.callers.switch(who, random, enabled=enabled, limits=limits)

    async def overdraft(self, number: int, random: Random) -> None:
        """A seller lets an account use a little more than it has (R33)."""
        await self.callers.let_overdraw(self._who(random), random.choice((0, 20, 200)), random)

    async def ahead(self, number: int, random: Random) -> None:
        """An owner who sells lets the pool be filled before it is empty, or no more (R33)."""
        who = random.choice(self.stage.world.sellers[1:])
        figures = random.choice(((50, 300), (400, 400), (900, 2_500), (None, None)))
        await self.callers.let_buy_ahead(who, figures, random)

    async def card(self, number: int, random: Random) -> None:
        """Another card."""
        who = self._who(random)
        kind = random.choice(("tok_success", "tok_success", "tok_success_2", "tok_declined"))
        await self.callers.save_card(who, f"{kind}#{who}/{number}", random)

    async def drop_card(self, number: int, random: Random) -> None:
        """No card any more."""
        await self.callers.drop_card(self._who(random), random)

    async def mood(self, number: int, random: Random) -> None:
        """A card begins to be declined, or is good again."""
        card = self.model.in_use.get(self._who(random))
        if card is None:
            return
        overrides = self.stage.net.bank.overrides
        if card in overrides and random.random() < 0.7:
            del overrides[card]
            return
        mood = random.choice(self.stage.swarm.moods)
        self.stage.fate.count(f"card_{mood}")
        overrides[card] = MOODS[mood]

    async def price(self, number: int, random: Random) -> None:
        """A package is sold at another price from now on."""
        offer = random.choice(self.model.offers)
        busy = str(offer.package_id)
        if offer.withdrawn or busy in self.callers.busy:
            return
        before = offer.versions[-1]
        step = random.randint(-40, 40)
        if offer.kind == "plan":
            # To change to the same plan at a greater price would cost too little to be charged.
            step = -abs(step)
        wish = Version(max(60, before.price + step), self.stage.gate.steps)
        if offer.kind == "plan" and wish.price == before.price:
            return
        self.callers.busy.add(busy)
        offer.versions.append(wish)
        kind, seats = KINDS[offer.kind], offer.kind == "seats"

        async def call(engine: Any) -> Any:
            return await publish_package(
                engine.ctx,
                seller_ref=self._ref(offer.seller),
                tenant_id=None,
                currency="USD",
                package_id=offer.package_id,
                kind=kind,
                terms=Terms(
                    name=f"{offer.credits}",
                    price_minor=wish.price,
                    credits=offer.credits,
                    chatbots=offer.chatbots,
                    billing_interval=None if kind == "additional_credits" else "month",
                    full_price_first=seats and not offer.prorated,
                    credits_price_minor=0 if seats else wish.price,
                    chatbots_price_minor=wish.price if seats else 0,
                ),
                moment=self.stage.clock.moment(),
            )

        await self.callers.insist(f"price-{number}", call, random)
        before.until = self.stage.gate.steps
        self.callers.busy.discard(busy)

    async def withdraw(self, number: int, random: Random) -> None:
        """A package is not sold any more (R10)."""
        offer = random.choice(self.model.offers)
        busy = str(offer.package_id)
        if offer.withdrawn or busy in self.callers.busy:
            return
        if not self._leaves_cheapest(offer):
            # Without the others auto-billing would buy what is meant for hands only.
            return
        self.callers.busy.add(busy)
        offer.withdrawn = True
        tenant = None
        if offer.seller != ROOT:
            tenant = self.stage.world.accounts[offer.seller].tenant_id

        async def call(engine: Any) -> Any:
            effects = await withdraw_package(
                engine.ctx,
                seller_ref=self._ref(offer.seller),
                package_id=offer.package_id,
                tenant_id=tenant,
                moment=self.stage.clock.moment(),
            )
            if isinstance(effects, tuple):
                engine.run(effects)

        await self.callers.insist(f"withdraw-{number}", call, random)
        offer.versions[-1].until = self.stage.gate.steps

    def _leaves_cheapest(self, offer: Offered) -> bool:
        """Whether what auto-billing chooses from still has a pack that costs much less than any that
        is meant for hands, and what hands buy still has one."""
        left = [o for o in self.model.shelf(offer.seller, offer.kind) if o is not offer]
        if offer.kind != "auto":
            return bool(left)
        by_hand = [o for o in self.model.offers if (o.seller, o.kind) == (offer.seller, "hand")]
        least = min(version.price for one in by_hand for version in one.versions)
        return any(one.versions[-1].price < least // 2 for one in left)

    def _ref(self, seller: str) -> Any:
        world = self.stage.world
        return world.platform.platform_id if seller == ROOT else world.accounts[seller].account_id

    async def pass_time(self, number: int, random: Random) -> None:
        """Business time goes on, alone or with real time."""
        span = timedelta(days=random.random() * self.stage.swarm.leap_days)
        self.stage.clock.leapt += span
        if self.stage.swarm.real_leaps and random.random() < 0.5:
            # Every lease has run out while its holder is still at work, and a worker sees it at once.
            self.stage.clock.real_leapt += span
            if random.random() < 0.7:
                await self.scan(number, random)

    async def pass_month(self, number: int, random: Random) -> None:
        """A month of business time goes on, so that periods end, and a worker looks."""
        self.stage.clock.leapt += timedelta(days=28 + 4 * random.random())
        await self.scan(number, random)

    async def scan(self, number: int, random: Random) -> None:
        """A worker looks for what is due."""
        await self.callers.send(f"scan-{number}", lambda engine: engine.take_up_due_work(), random)

    async def crash(self, number: int, random: Random) -> None:
        """A process is killed."""
        self.stage.fate.count("killed")
        random.choice(self.stage.alive()).kill()

    async def freeze(self, number: int, random: Random) -> None:
        """A process stands still, perhaps for longer than its leases last."""
        self.stage.fate.count("frozen")
        random.choice(self.stage.alive()).freeze(random.choice((2, 20, 120)) * random.random())

    async def join(self, number: int, random: Random) -> None:
        """Another process begins to work."""
        self.stage.new_life()

    async def outage(self, number: int, random: Random) -> None:
        """The gateway is down for everybody."""
        self.stage.fate.count("outage")
        span_s = random.choice((1, 10, 100)) * random.random()
        self.stage.net.down_until_s = self.stage.loop.now_s + span_s
