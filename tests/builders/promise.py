"""The promise of R17, judged by the bank's own journal against what every account holds."""

from collections import Counter
from itertools import pairwise
from typing import Any

from brimful.domain.reason import Reason
from brimful.ledger.audit import audit
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.cascade import Ask, Stage
from tests.builders.chain import GIFT, PACKS, SELLERS, TINY_PLAN

# What the platform's price list asks for a few thousand credits: a cent for two, in packs of 2,000.
PLATFORM_RATE, PLATFORM_PACK = 2, 2_000
# Of these one hears only when it is one's own card (R18).
OF_A_CARD = (
    Reason.card_declined, Reason.authentication_required, Reason.retry_later,
    Reason.auto_billing_paused,
)  # fmt: skip


async def check(stage: Stage) -> None:
    """Raises AssertionError when anything of the promise is broken."""
    findings = await audit(stage.watch)
    assert findings == [], findings
    stock = await _stock(stage)
    paid = taken(stage)
    await _check_bank(stage)
    await _check_paid_is_got(stage, stock, paid)
    _check_bounds(stage, stock)
    for ask in stage.asks:
        await _check_answer(stage, ask, stock, paid)
        _check_told(stage, ask)
    await _check_again(stage)
    assert await _stock(stage) == stock
    assert taken(stage) == paid


def taken(stage: Stage) -> Counter[str]:
    """By the bank's journal: what each account's card has paid, in cents."""
    paid: Counter[str] = Counter()
    for effect in stage.desk.journal.effects():
        if effect["kind"] in ("captured", "refunded"):
            paid[_payer(stage, effect["payment"])] += effect["amount"]
    return paid


def _payer(stage: Stage, payment_id: str) -> str:
    bank = stage.desk.bank
    return stage.chain.payer(bank.methods[bank.payments[payment_id]["method"]]["fingerprint"])


async def _stock(stage: Stage) -> dict[str, Any]:
    rows = await stage.watch.fetch("select * from balance where resource = 'credits'")
    of = {row["account_id"]: dict(row) for row in rows}
    return {name: of[key] for name, key in stage.names.items()}


async def _check_bank(stage: Stage) -> None:
    """No card is held, and nothing that we know of could still take money (R22)."""
    known = {row["payment_id"] for row in await stage.watch.fetch("select payment_id from charge")}
    for payment in stage.desk.bank.payments.values():
        ended = payment["state"] in ("captured", "canceled")
        assert ended or (payment["state"] == "created" and payment["id"] not in known), payment
    journal = Counter(
        effect["payment"] for effect in stage.desk.journal.effects() if effect["kind"] == "captured"
    )
    assert set(journal.values()) <= {1}


async def _check_paid_is_got(stage: Stage, stock: dict[str, Any], paid: Counter[str]) -> None:
    """Of every account: what its card paid, by the bank, is what was delivered to it, no more and
    no less; a cent a credit, but for the agency, whose seller is cheaper. What was too little for
    the gateway stands as a receivable (R26)."""
    owed = Counter(
        {
            row["account_id"]: row["amount_minor"]
            for row in await stage.watch.fetch("select * from receivable")
        }
    )
    for name, account in stage.names.items():
        got, cents = stock[name]["received"], paid[name] + owed[account]
        got -= given(stage)[name]
        cents *= PLATFORM_RATE if name == "Agency" else 1
        assert got == cents, f"{name} got {got} credits for {paid[name]} and owes {owed[account]}"
        assert owed[account] == 0 or (name, owed[account]) == ("Saver", TINY_PLAN)


def given(stage: Stage) -> Counter[str]:
    """The credits that each account was given before anybody asked."""
    stock = stage.scenario.stock[stage.chain.depth]
    gift = Counter(dict.fromkeys(SELLERS[: stage.chain.depth - 1], stock))
    return gift + Counter({"Agency": GIFT})


def _packs(short: int, pack: int) -> int:
    """The credits in as many packs as cover a shortage."""
    return -(-max(0, short) // pack) * pack


def _check_bounds(stage: Stage, stock: dict[str, Any]) -> None:
    """One shortage, one charge: nobody bought more than what was asked of it needs (R11 to R13)."""
    chain = stage.chain
    needs: Counter[str] = Counter()
    for ask in stage.asks:
        if ask.who == "Agency":
            needs["Agency"] += ask.credits if ask.does == "spend" else 0
        else:
            needs[ask.who] = TINY_PLAN if ask.does == "plan" else PACKS[chain.seller]
            needs[chain.seller] += needs[ask.who]
    gift = given(stage)
    for above, seller in reversed(list(pairwise(SELLERS[: chain.depth - 1]))):
        needs[seller] = gift[seller] + _packs(needs[seller] - gift[seller], PACKS[above])
        needs[above] += needs[seller]
    needs["Agency"] = gift["Agency"] + _packs(needs["Agency"] - gift["Agency"], PLATFORM_PACK)
    bought = {name: stock[name]["received"] for name in stock}
    assert all(bought[name] <= needs[name] for name in bought), (bought, needs)
    if stage.scenario.serves != "some" and all(ask.done for ask in stage.asks):
        assert bought == {name: needs[name] for name in bought}


async def _check_answer(stage: Stage, ask: Ask, stock: dict[str, Any], paid: Counter[str]) -> None:
    """What the caller heard is what its rows say: one effect when done, none when refused."""
    assert ask.done or ask.refused, ask
    account = stage.names[ask.who]
    if ask.does == "spend":
        debits = await stage.watch.fetch(
            "select operation_id, amount from entry where account_id = $1 and kind = 'spend'",
            account,
        )
        used = [(ask.answer.spend_id, ask.credits)] if ask.done else []
        assert [(row["operation_id"], row["amount"]) for row in debits] == used, ask
        assert stock[ask.who]["used"] == sum(credits for _, credits in used)
        return
    if ask.does == "switch off":
        return
    delivered = await stage.watch.fetch(
        "select purchase_id from purchase "
        "where buyer_id = $1 and not automatic and state = 'delivered'",
        account,
    )
    bought = [ask.answer.purchase_id] if ask.done else []
    assert [row["purchase_id"] for row in delivered] == bought, ask
    assert ask.done or (paid[ask.who] == 0 and stock[ask.who]["received"] == 0)


def _check_told(stage: Stage, ask: Ask) -> None:
    """Nobody hears of another's card, nor that the gateway fails where another pays (R18)."""
    declined = {
        _payer(stage, effect["payment"])
        for effect in stage.desk.journal.effects()
        if effect["kind"] in ("declined", "needs_authentication")
    }
    for answer in (ask.first, ask.answer):
        reason = getattr(answer, "reason", None)
        assert reason not in OF_A_CARD or ask.who in declined, ask
        if reason == Reason.gateway_unavailable and ask.who != "Agency":
            assert f" at {stage.chain.seller}" in str(stage.fault), ask


async def _check_again(stage: Stage) -> None:
    """Every key that was served, once more: the same answer."""
    for ask in stage.asks:
        if ask.does != "switch off" and ask.done:
            before, again = ask.answer, await stage.send(ask, again=True)
            assert isinstance(again, SpendDone | Bought), again
            if isinstance(again, SpendDone):
                assert again.spend_id == before.spend_id
            else:
                assert again.purchase_id == before.purchase_id
