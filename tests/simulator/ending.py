"""The end of a run: nothing fails any more, and in bounded time all that was begun is over (R24)."""

import asyncio
from random import Random

from brimful.billing.buyers import read_buyer
from brimful.domain.outage import PAUSES
from brimful.domain.planning import may_buy
from brimful.domain.reason import Reason
from brimful.effects.drive_refund import LOOKED_AT_EVERY
from brimful.usecases.set_auto_billing import AutoBillingSet, resume_auto_billing
from brimful.wiring import Engine
from tests.simulator.callers import Callers
from tests.simulator.director import Director
from tests.simulator.model import Ask, Model
from tests.simulator.stage import Stage

# So many scans, a minute of real time apart, until nothing is due any more.
SCANS = 30
# The longest pause that is made before something is tried or looked at again, in seconds.
LONGEST_PAUSE_S = 1 + max(LOOKED_AT_EVERY, *PAUSES).total_seconds()
# So often whoever has no answer asks again.
ROUNDS = 6


class Ending:
    """Brings a run to rest and asks once more for what has no answer yet."""

    def __init__(self, director: Director, random: Random) -> None:
        self.stage: Stage = director.stage
        self.model: Model = director.model
        self.callers: Callers = director.callers
        self.reversing = director.reversing
        self.random = random

    async def reach(self) -> None:
        """Heal, settle, have every key answered, settle again, and see that whoever may buy can."""
        stage = self.stage
        stage.fate.armed = False
        stage.net.down_until_s = 0.0
        stage.gate.let_all_go()
        for life in stage.lives:
            life.frozen_until_s = 0.0
        for payment in self.reversing.end(self.random):
            kind = "refunded" if payment["refunds"] else "dispute_lost"
            await stage.tell(payment, kind)
        await self._settle()
        # A gateway account that gave no answer is left in peace, a refund is looked at again.
        await asyncio.sleep(LONGEST_PAUSE_S)
        await self._settle()
        for _ in range(ROUNDS):
            unanswered = [ask for ask in self.model.asks if ask.open and not self._is_left(ask)]
            if not unanswered:
                break
            for ask in unanswered:
                ask.wait_ms, ask.overlapped = 30_000, False
                await self.callers.ask(ask, times=1)
            await self._settle()
        for ask in filter(lambda one: one.open, unanswered):
            self.model.wrong(f"{ask.key} of {ask.who} has no answer: {ask.outcome}")
        await self.probe()
        await self._settle(scans=2)

    def _is_left(self, ask: Ask) -> bool:
        """Its caller was told that it is pending and lets it be: it must not be debited (R20)."""
        return ask.verb == "spend" and ask.outcome == "pending" and ask.number % 2 == 0

    async def _settle(self, *, scans: int = 1) -> None:
        """Scan until nothing is due, nothing is under way and no request is still to arrive, in so
        many scans one after the other: what got no answer is due again within a minute."""
        stage, quiet = self.stage, 0
        for _ in range(SCANS):
            begun = await self.callers.send("settle", lambda e: e.take_up_due_work(), self.random)
            for one in stage.alive():
                await one.engine.runner.idle()
            quiet = 0 if begun or stage.net.late or self._open() else quiet + 1
            if quiet == scans:
                return
            await asyncio.sleep(61)
        self.model.wrong(f"not at rest after {SCANS} minutes: {self._open()}")

    def _open(self) -> list[str]:
        """Payments that hold a card, or were confirmed and may still take money."""
        bank = self.stage.net.bank
        ended = ("created", "captured", "canceled")
        return [one["id"] for one in bank.payments.values() if one["state"] not in ended]

    async def probe(self) -> None:
        """Up one branch of the tree every owner puts a good card on file and switches on without
        caps: then who stands at its end has all that is needed, and is served (R16, R29). Whoever's
        auto-billing stopped itself is asked by it, and lets it go on, once (R30): neither a card nor
        other caps are an answer to that, and what is wanted now may be what stops it."""
        tree, branch = self.stage.world.tree, []
        name = at = self.random.choice(list(tree))
        self.stage.net.bank.overrides.clear()
        while at in tree:
            await self.callers.save_card(at, f"tok_success#{at}/end", self.random)
            await self.callers.switch(at, self.random, enabled=True, limits={})
            branch.append(at)
            at = tree[at]
        if not self._can_buy(name):
            return
        ask = await self._want(name)
        while ask.outcome != "done":
            answered = [one for one in branch if await self._lets_go_on(one)]
            if not answered:
                told = f"{ask.outcome} {ask.reason}"
                self.model.wrong(f"{name} has all that is needed and is not served: {told}")
                return
            branch = [one for one in branch if one not in answered]
            ask = await self._want(name)

    async def _want(self, name: str) -> Ask:
        ask = self.model.probe(name, self.random)
        await self.callers.ask(ask, times=1)
        return ask

    async def _lets_go_on(self, name: str) -> bool:
        """Whether an account's auto-billing had stopped itself, as its owner sees in the settings; then
        the owner lets it go on."""
        ids = self.stage.ids(name)

        async def call(engine: Engine) -> bool:
            moment = engine.clock.moment()
            async with engine.ctx.db.transaction() as tx:
                facts = await read_buyer(tx, **ids, at=moment.at)
            if may_buy(facts.buyer, moment.at) is not Reason.auto_billing_braked:
                return False
            terms = "Charge my card for what is missing."
            answer = await resume_auto_billing(
                engine.ctx, **ids, given_by=name, terms=terms, moment=moment
            )
            if isinstance(answer, AutoBillingSet):
                engine.run(answer.effects)
            return isinstance(answer, AutoBillingSet)

        return bool(await self.callers.insist(f"go-on-{name}", call, self.random))

    def _can_buy(self, name: str) -> bool:
        """Every seller above offers credits, and every setting up the tree is on without caps."""
        tree = self.stage.world.tree
        while name in tree:
            setting = self.model.setting(name)
            if not (
                setting.enabled and not setting.limits and self.model.shelf(tree[name], "auto")
            ):
                return False
            name = tree[name]
        return True
