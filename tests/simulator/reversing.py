"""Money that goes back: refunds by the API and at the gateway's dashboard, and disputes, won late too (R25)."""

from random import Random
from typing import Any
from uuid import UUID

from brimful.usecases.refund_charge import RefundBegun, RefundWish
from brimful.wiring import Engine
from tests.simulator.callers import NO_ANSWER, Callers
from tests.simulator.model import Model
from tests.simulator.stage import Stage

# How a dispute goes on from each state; won is the last word, and may come after lost.
GOES_ON = {"inquiry": ("open", "won"), "open": ("lost", "won"), "lost": ("won",), "won": ()}
UNDECIDED = ("inquiry", "open")


class Reversing:
    """Draws payments of which callers know that they are delivered, and has their money go back."""

    def __init__(self, stage: Stage, model: Model, callers: Callers) -> None:
        self.stage, self.model, self.callers = stage, model, callers

    def _drawn(self, random: Random) -> tuple[str, dict[str, Any]] | None:
        """Who paid, and the payment."""
        done = {
            str(ask.object_id): ask.who
            for ask in self.model.asks
            if ask.verb in ("buy", "plan") and ask.outcome == "done"
        }
        known = [
            (done[payment["metadata"]["purchase"]], payment)
            for payment in self.stage.net.bank.payments.values()
            if payment["metadata"]["purchase"] in done and payment["captured"]
        ]
        return random.choice(known) if known else None

    def _amount(self, payment: dict[str, Any], random: Random) -> int:
        return random.choice((payment["captured"], random.randint(1, payment["captured"])))

    async def refund(self, number: int, random: Random) -> None:
        """The seller gives money back by the API; perhaps asked twice under one key."""
        drawn = self._drawn(random)
        if drawn is None:
            return
        who, payment = drawn
        wish = RefundWish(
            charge_id=UUID(payment["metadata"]["reference"]),
            amount_minor=random.choice((None, self._amount(payment, random))),
        )

        async def call(engine: Engine) -> Any:
            return await engine.refund(
                **self.stage.ids(who), wait_ms=random.choice((0, 5_000)), wish=wish,
                key=f"refund-{number}", body_hash=b"",
            )  # fmt: skip

        begun: set[UUID] = set()
        for _ in range(random.choice((1, 2, 3))):
            answer = await self.callers.send(f"refund-{number}", call, random)
            if isinstance(answer, RefundBegun):
                begun.add(answer.refund_id)
            if answer is not NO_ANSWER and random.random() < 0.5:
                break
        # One that the gateway refused is begun anew; together they give back once.
        self.model.refunds.append(begun)

    async def dashboard(self, number: int, random: Random) -> None:
        """The merchant gives money back at its gateway."""
        drawn = self._drawn(random)
        if drawn is None:
            return
        _, payment = drawn
        left = payment["captured"] - payment["refunded"]
        gone = any(one["state"] in ("open", "lost") for one in payment["disputes"])
        if left and not gone:
            self._note("dashboard refund")
            amount = min(left, self._amount(payment, random))
            self.stage.net.bank.refund(payment["merchant"], payment["id"], amount)

    async def dispute(self, number: int, random: Random) -> None:
        """The holder of a card disputes a payment, or a dispute goes on."""
        drawn = self._drawn(random)
        if drawn is None:
            return
        _, payment = drawn
        if payment["disputes"]:
            self._go_on(payment, random)
            return
        self._note("dispute")
        left = payment["captured"] - payment["refunded"]
        if left:
            state = random.choice(("open", "open", "inquiry", "lost"))
            amount = min(left, self._amount(payment, random))
            self.stage.net.bank.dispute(payment["id"], amount, state)

    def _go_on(self, payment: dict[str, Any], random: Random) -> None:
        dispute = payment["disputes"][-1]
        states = GOES_ON[dispute["state"]]
        if states:
            state = random.choice(states)
            self._note(f"dispute {dispute['state']} {state}")
            self.stage.net.bank.move_dispute(payment["id"], dispute["id"], state)

    def end(self, random: Random) -> list[dict[str, Any]]:
        """No dispute stays open; returns the payments with money that went back or was disputed."""
        bank = self.stage.net.bank
        for payment_id in list(bank.payments):
            while any(d["state"] in UNDECIDED for d in bank.payments[payment_id]["disputes"]):
                self._go_on(bank.payments[payment_id], random)
        return [one for one in bank.payments.values() if one["refunds"] or one["disputes"]]

    def _note(self, what: str) -> None:
        self.stage.gate.trace.note(f"bank {what}")
