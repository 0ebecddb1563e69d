"""The end of a run: nothing fails any more, and in bounded time all that was begun is over (R24)."""

import asyncio
from random import Random

from tests.simulator.callers import Callers
from tests.simulator.director import Director
from tests.simulator.model import Model
from tests.simulator.stage import Stage

# So many scans, a minute of real time apart, until nothing is due any more.
SCANS = 30


class Ending:
    """Brings a run to rest and asks once more for what has no answer yet."""

    def __init__(self, director: Director) -> None:
        self.stage: Stage = director.stage
        self.model: Model = director.model
        self.callers: Callers = director.callers
        self.random = Random("ending")

    async def reach(self) -> None:
        """Heal, settle, have every key answered, settle again, and see that whoever may buy can."""
        stage = self.stage
        stage.fate.armed = False
        stage.net.down_until_s = 0.0
        for life in stage.lives:
            life.frozen_until_s = 0.0
        await self._settle()
        for ask in self.model.asks:
            left = ask.verb == "spend" and ask.outcome == "pending" and ask.random.random() < 0.5
            if ask.open and not left:
                ask.wait_ms, ask.overlapped = 60_000, False
                await self.callers.ask(ask, times=5)
                if ask.open:
                    self.model.wrong(f"{ask.key} of {ask.who} has no answer: {ask.outcome}")
        await self._settle()
        await self._probe()
        await self._settle()

    async def _settle(self) -> None:
        """Scan until nothing is due, nothing is under way and no request is still to arrive."""
        stage = self.stage
        for _ in range(SCANS):
            life = stage.some_life(self.random)
            begun = await self.callers.send("settle", lambda e: e.take_up_due_work(), self.random)
            for one in stage.alive():
                await one.engine.runner.idle()
            if begun == 0 and not stage.net.late and not self._held() and life is not None:
                return
            await asyncio.sleep(61)
        self.model.wrong(f"not at rest after {SCANS} minutes: holds {self._held()}")

    def _held(self) -> list[str]:
        bank = self.stage.net.bank
        return [one["id"] for one in bank.payments.values() if one["state"] == "held"]

    async def _probe(self) -> None:
        """Every owner puts a good card on file and switches on without caps: who has all that is
        needed is served (R16, R29)."""
        world = self.stage.world
        self.stage.net.bank.overrides.clear()
        for name in world.tree:
            await self.callers.save_card(name, f"tok_success#{name}/end", self.random)
            await self.callers.switch(name, self.random, enabled=True, limits={})
        for name in world.tree:
            if not self._can_buy(name):
                continue
            self.callers.stage.gate.trace.note(f"probe {name}")
            director_ask = self.model.probe(name, Random(name))
            await self.callers.ask(director_ask, times=1)
            if director_ask.outcome != "done":
                told = f"{director_ask.outcome} {director_ask.reason}"
                self.model.wrong(f"{name} has all that is needed and is not served: {told}")

    def _can_buy(self, name: str) -> bool:
        """Every seller above offers credits, and every setting up the tree is on without caps."""
        tree = self.stage.world.tree
        while name in tree:
            setting = self.model.setting(name)
            if not (setting.enabled and not setting.limits and self.model.shelf(tree[name], "auto")):
                return False
            name = tree[name]
        return True
