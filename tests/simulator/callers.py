"""Those who ask: they wait, lose their connection, ask again under the same key, or go away."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from brimful.billing.settings_records import AutoBillingSetting
from brimful.domain.payment import SavedMethod
from brimful.domain.reason import Refuse
from brimful.usecases.allot import Allotted, allot
from brimful.usecases.answers import (
    Bought,
    ChatbotCreated,
    KeyConflict,
    Missing,
    Pending,
    SpendDone,
)
from brimful.usecases.change_plan import ChangeRecorded
from brimful.usecases.save_card import record_card, remove_card
from brimful.usecases.set_auto_billing import AutoBillingSet, set_auto_billing
from brimful.usecases.set_buy_ahead import AheadSet, Consent, set_threshold
from brimful.usecases.set_overdraft import set_overdraft
from brimful.wiring import Engine
from tests.simulator.model import Ask, Model, Switch
from tests.simulator.sessions import broken_by_us
from tests.simulator.stage import Stage
from tests.simulator.world import ROOT

Call = Callable[[Engine], Coroutine[Any, Any, Any]]
NO_ANSWER = object()


class Callers:
    """Sends what is asked to some process, and notes what it says."""

    def __init__(self, stage: Stage, model: Model) -> None:
        self.stage, self.model = stage, model
        self.busy: set[str] = set()

    async def send(self, name: str, call: Call, random: Any) -> Any:
        """Ask one process once; NO_ANSWER when it died or the connection broke."""
        life = self.stage.some_life(random)
        task = life.begin(name, lambda: call(life.engine))
        await asyncio.wait({task})
        # Answers that are there at the same time arrive one after the other.
        await self.stage.gate.enter(f"answer to {name}")
        if task.cancelled():
            return NO_ANSWER
        problem = task.exception()
        if problem is None:
            return task.result()
        if not broken_by_us(problem):
            self.model.wrong(f"{name} raised {problem!r}")
        return NO_ANSWER

    async def insist(self, name: str, call: Call, random: Any) -> Any:
        """Ask until there is an answer."""
        while True:
            answer = await self.send(name, call, random)
            if answer is not NO_ANSWER:
                return answer
            await asyncio.sleep(random.random() * 3)

    async def ask(self, ask: Ask, *, times: int, body: bytes = b"") -> None:
        """Send an operation, at most so often, until it has an answer that stands."""
        for _ in range(times):
            ask.sent += 1
            ask.times.append(self.stage.clock.moment().at)
            name, was_done = f"{ask.key}.{ask.sent}", ask.outcome == "done"
            ask.flying += 1
            ask.overlapped |= ask.flying > 1
            answer = await self.send(name, lambda engine: self._call(engine, ask, body), ask.random)
            ask.flying -= 1
            self.stage.gate.trace.note(f"{name} {_told(answer)}")
            if body:
                self._other_body(ask, answer)
                return
            self._note(ask, answer, was_done=was_done)
            if not ask.open:
                return
            await asyncio.sleep(ask.random.random() * 5)

    async def _call(self, engine: Engine, ask: Ask, body: bytes) -> Any:
        ids = self.stage.ids(ask.who)
        if ask.verb == "spend":
            return await engine.spend(
                **ids, wait_ms=ask.wait_ms, key=ask.key, body_hash=body, credits=ask.credits,
                model=None, messages=None,
            )  # fmt: skip
        if ask.verb == "chatbot":
            return await engine.create_chatbot(
                **ids, wait_ms=ask.wait_ms, external_id=ask.key, name=ask.key, key=ask.key,
                body_hash=body,
            )  # fmt: skip
        assert ask.offer is not None
        if ask.verb == "change":
            return await engine.change_subscription(
                **ids, wait_ms=ask.wait_ms, subscription_id=ask.subscription_id,
                package_id=ask.offer.package_id, key=ask.key, body_hash=body,
            )  # fmt: skip
        return await engine.buy(
            **ids, wait_ms=ask.wait_ms, package_id=ask.offer.package_id, quantity=ask.quantity,
            key=ask.key, body_hash=body,
        )  # fmt: skip

    def _note(self, ask: Ask, answer: Any, *, was_done: bool) -> None:
        """An operation that was done stays done, under the same id. Of requests that were under way
        at the same time one may have been refused before the other was served."""
        if answer is NO_ANSWER:
            # Also after a refusal: sent again, it may have been accepted this time.
            ask.outcome = "done" if was_done else "unknown"
            return
        ask.answers.append(answer)
        if isinstance(answer, SpendDone | Bought | ChatbotCreated | ChangeRecorded):
            found = _named(ask, answer)
            ask.bought = isinstance(answer, Bought)
            if ask.outcome == "done" and found != ask.object_id:
                self.model.wrong(f"{ask.key} was done twice: {ask.object_id} and {found}")
            ask.outcome, ask.object_id = "done", found
        elif ask.outcome == "done":
            if was_done:
                self.model.wrong(f"{ask.key} was done and is now {answer!r}")
        elif ask.overlapped and not isinstance(answer, KeyConflict):
            ask.outcome = "unknown"
        elif isinstance(answer, Pending):
            ask.outcome = "pending"
        elif isinstance(answer, Refuse | Missing):
            ask.outcome, ask.reason = "refused", str(getattr(answer, "reason", "missing"))
        else:
            self.model.wrong(f"{ask.key} was answered {answer!r}")

    def _other_body(self, ask: Ask, answer: Any) -> None:
        """The same key with another body is an error, once it was accepted (R39)."""
        if answer is not NO_ANSWER and not isinstance(answer, KeyConflict):
            self.model.wrong(f"{ask.key} with another body was answered {answer!r}")

    async def switch(self, who: str, random: Any, *, enabled: bool, limits: dict[str, int]) -> bool:
        """Set auto-billing, one at a time of an account; what was answered counts from then on."""
        if who in self.busy:
            return False
        self.busy.add(who)
        moment = self.stage.clock.moment
        wish = Switch(self.stage.gate.steps, -1, enabled, dict(limits))
        choices = self.stage.world.choices[who]
        self.model.switches[who].append(wish)

        async def call(engine: Engine) -> Any:
            answer = await set_auto_billing(
                engine.ctx,
                **self.stage.ids(who),
                setting=AutoBillingSetting(enabled=enabled, **limits, **choices),  # type: ignore[arg-type]
                monthly_limit=limits.get("per_month_minor") or "none",
                given_by=who,
                terms="Charge my card for what is missing.",
                moment=moment(),
            )
            if isinstance(answer, AutoBillingSet):
                engine.run(answer.effects)
            return answer

        answer = await self.insist(f"set-{who}-{enabled}", call, random)
        if isinstance(answer, AutoBillingSet):
            wish.known = self.stage.gate.steps
        else:
            self.model.switches[who].remove(wish)
        self.busy.discard(who)
        return wish.known >= 0

    async def give(self, who: str, credits: int, chatbots: int, number: int, random: Any) -> None:
        """A gift from the seller's stock (R46)."""
        stage, seller = self.stage, self.stage.world.tree[who]
        accounts = stage.world.accounts

        async def call(engine: Engine) -> Any:
            answer = await allot(
                engine.ctx,
                seller=stage.world.supplies[who] if seller == ROOT else accounts[seller],
                child=accounts[who],
                credits=credits,
                chatbots=chatbots,
                key=f"gift-{number}",
                body_hash=b"",
                moment=stage.clock.moment(),
            )
            if isinstance(answer, Allotted):
                engine.run(answer.effects)
            return answer

        answer = await self.insist(f"gift-{number}", call, random)
        if isinstance(answer, Allotted):
            self.model.gifts[who] = self.model.gifts.get(who, 0) + credits
            self.model.seats[who] += chatbots

    async def let_overdraw(self, who: str, limit: int, random: Any) -> None:
        """An overdraft for an account; until somebody hears of it the higher limit may be in force."""
        allowed = self.model.overdrafts
        allowed[who] = max(limit, allowed.get(who, 0))

        async def call(engine: Engine) -> Any:
            await set_overdraft(
                engine.ctx,
                **self.stage.ids(who),
                limit_credits=limit,
                moment=self.stage.clock.moment(),
            )

        await self.insist(f"overdraft-{who}", call, random)

    async def let_buy_ahead(
        self, who: str, figures: tuple[int | None, int | None], random: Any
    ) -> None:
        """A threshold and a target, or none."""
        threshold, target = figures

        async def call(engine: Engine) -> Any:
            answer = await set_threshold(
                engine.ctx,
                **self.stage.ids(who),
                threshold_credits=threshold,
                target_credits=target,
                consent=Consent(given_by=who, terms="Fill my pool before it is empty."),
                moment=self.stage.clock.moment(),
            )
            if isinstance(answer, AheadSet):
                engine.run(answer.effects)
            return answer

        await self.insist(f"ahead-{who}", call, random)

    async def save_card(self, who: str, token: str, random: Any) -> bool:
        """A card in the place of another."""
        stage, merchant = self.stage, self.stage.merchant_of(who)
        if f"card {who}" in self.busy:
            return False
        self.busy.add(f"card {who}")

        async def call(engine: Engine) -> Any:
            saved = await engine.gateway.save_method(
                account_ref=merchant, customer_id=None, token=token
            )
            if not isinstance(saved, SavedMethod):
                return None
            self.model.cards[saved.fingerprint] = who
            recorded = await record_card(
                engine.ctx,
                **stage.ids(who),
                gateway_account=merchant,
                saved=saved,
                moment=stage.clock.moment(),
            )
            engine.run(recorded.effects)
            return saved, recorded.method_id

        answer = await self.insist(f"card-{who}", call, random)
        if answer is not None:
            saved, self.model.methods[who] = answer
            self.model.in_use[who] = saved.fingerprint
        self.busy.discard(f"card {who}")
        return answer is not None

    async def drop_card(self, who: str, random: Any) -> None:
        """No card any more."""
        method_id = self.model.methods.pop(who, None)
        if method_id is None:
            return

        async def call(engine: Engine) -> Any:
            effects = await remove_card(
                engine.ctx,
                **self.stage.ids(who),
                method_id=method_id,
                moment=self.stage.clock.moment(),
            )
            if not isinstance(effects, Missing):
                engine.run(effects)

        await self.insist(f"drop-{who}", call, random)


def _named(ask: Ask, answer: Any) -> Any:
    """What was done, by its id; a change that waits for period end has none but its subscription's."""
    if isinstance(answer, SpendDone):
        return answer.spend_id
    if isinstance(answer, ChatbotCreated):
        return answer.chatbot_id
    return answer.purchase_id if isinstance(answer, Bought) else ask.subscription_id


def _told(answer: Any) -> str:
    if answer is NO_ANSWER:
        return "no answer"
    if isinstance(answer, Refuse):
        return f"refused {answer.reason}"
    return type(answer).__name__
