"""Random requests to the pure core: whatever is asked, its own books stay right (R22, R25)."""

import random
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.stripe_server.cards import CARDS
from tests.stripe_server.core import Request, Response, StripeCore

START = 1_800_000_000
STEPS = 120
OFTEN = ["visa", "refundFail", "pendingRefund", "ours_captureDeclined", "createDispute"] * 8
STATUSES = {200, 400, 402, 404, 409}


class Player:
    """Asks at random, on two accounts, with keys that are sometimes used again."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.core = StripeCore(seed=seed, now=START)
        self.core.state.connected.add("acct_agency")
        self.now = START
        self.ids: dict[str, list[str]] = {"cus": [], "pm": [], "pi": [], "ch": [], "re": []}
        self.canceled: set[str] = set()
        self.answers: dict[tuple[str, str, str, str], str] = {}

    def some(self, kind: str) -> str:
        """An id of a kind, perhaps of the other account, perhaps of nothing."""
        known = self.ids[kind][-3:]
        return self.dice.choice([*known, f"{kind}_none"]) if known else f"{kind}_none"

    def step(self) -> Response:
        """One request, some time after the last."""
        self.now += self.dice.choice([0, 1, 60, 4_000, 90_000])
        path, form = self.wish()
        account = self.dice.choice(["", "acct_agency"])
        key = self.dice.choice([*[""] * 40, *(f"k{n}" for n in range(60))])
        headers = {"authorization": "Bearer sk_test_brimful"}
        headers |= {"stripe-account": account} if account else {}
        headers |= {"idempotency-key": key} if key else {}
        request = Request(method="POST", path=path, form=urlencode(form), headers=headers)
        answer = self.core.handle(request, self.now)
        for book in self.core.state.books.values():
            self.canceled |= {
                i["id"] for i in book.of("payment_intent") if i["status"] == "canceled"
            }
        if answer.headers.get("idempotent-replayed"):
            assert answer.body == self.answers[account, key, path, request.form]
        self.answers[account, key, path, request.form] = answer.body
        made = answer.json
        prefix = str(made.get("id", "")).split("_")[0]
        if prefix in self.ids and made["id"] not in self.ids[prefix]:
            self.ids[prefix].append(made["id"])
        return answer

    def wish(self) -> tuple[str, dict[str, Any]]:
        """A path and a form."""
        pi = f"/v1/payment_intents/{self.some('pi')}"
        card = f"pm_card_{self.dice.choice([*CARDS, *OFTEN])}"
        method = self.dice.choice([card, self.some("pm")])
        amount = self.dice.choice([0, 49, 700, 1_000, 1_001])
        create = {
            "amount": self.dice.choice([49, 700, *[1_000] * 6]),
            "currency": self.dice.choice(["xxx", *["usd", "jpy"] * 4]),
        }
        wishes: list[tuple[str, dict[str, Any]]] = [
            ("/v1/customers", {}),
            (f"/v1/payment_methods/{method}/attach", {"customer": self.some("cus")}),
            (f"/v1/payment_methods/{self.some('pm')}/detach", {}),
            ("/v1/payment_intents", {**create, "payment_method": method}),
            ("/v1/payment_intents", {**create, "customer": self.some("cus"),
                                     "payment_method": method, "capture_method": "manual"}),
            ("/v1/payment_intents", {**create, "payment_method": method, "confirm": "true",
                                     "off_session": "true"}),
            ("/v1/payment_intents", {**create, "payment_method": card, "confirm": "true",
                                     "off_session": "true", "capture_method": "manual"}),
            (f"{pi}/confirm", {"off_session": "true"}),
            (f"{pi}/confirm", {"payment_method": card, "return_url": "https://x.test"}),
            (f"{pi}/capture", {}),
            (f"{pi}/capture", {"amount_to_capture": amount}),
            (f"{pi}/cancel", {}),
            (pi, {"amount": amount}),
            ("/v1/refunds", {"payment_intent": self.some("pi")}),
            ("/v1/refunds", {"charge": self.some("ch"), "amount": amount}),
            ("/v1/refunds", {"payment_intent": self.some("pi"), "amount": amount}),
        ]  # fmt: skip
        return self.dice.choice(wishes)


@pytest.mark.parametrize("seed", range(60))
def test_r22_whatever_is_asked_the_books_are_right(seed: int) -> None:
    """One capture at most, never after a cancel; never more given back than was taken."""
    player = Player(seed)
    seen = {player.step().status for _ in range(STEPS)}
    player.core.state.advance(player.now + 40 * 86_400)
    assert seen <= STATUSES and 200 in seen
    intents = [i for b in player.core.state.books.values() for i in b.of("payment_intent")]
    for intent in intents:
        lines = player.core.state.journal.of_payment(intent["id"])
        taken = [line.amount_minor for line in lines if line.movement == "capture"]
        assert len(taken) <= 1 and sum(taken) == intent["amount_received"]
        assert bool(taken) == (intent["status"] == "succeeded")
        # Whole disputes of a charge may come on top of refunds, as they do at Stripe.
        back = -sum(line.amount_minor for line in lines if line.movement.startswith("refund"))
        assert 0 <= back <= sum(taken)
        held = [line.movement for line in lines if line.movement in ("hold", "release")]
        assert held.count("release") <= held.count("hold")
        assert (intent["status"] == "canceled") >= (intent["id"] in player.canceled)


def test_r22_the_random_player_reaches_everything() -> None:
    """Without this the test above could pass on refusals alone."""
    movements, states = set(), set()
    for seed in range(60):
        player = Player(seed)
        for _ in range(STEPS):
            player.step()
        player.core.state.advance(player.now + 40 * 86_400)
        movements |= {line.movement for line in player.core.state.journal.lines}
        for book in player.core.state.books.values():
            states |= {intent["status"] for intent in book.of("payment_intent")}
    assert movements >= {"hold", "release", "capture", "refund", "refund_failed"}
    assert states >= {"succeeded", "canceled", "requires_payment_method", "requires_confirmation"}
