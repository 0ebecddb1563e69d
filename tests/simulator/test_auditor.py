"""The independent auditor finds what is wrong with chatbots and changes of plan, and nothing else."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast
from uuid import UUID

from brimful.ledger.balances import Stock
from tests.simulator.caps import check_caps
from tests.simulator.gone import may_begin
from tests.simulator.model import Ask, LetGo, Model, Switch
from tests.simulator.paid import Paid, kind_of
from tests.simulator.prices import check_prices
from tests.simulator.seats import check_chatbots
from tests.simulator.world import ROOT, Offered, Version, World

BEGAN = datetime(2025, 1, 31, 9, tzinfo=UTC)
SMALL = Offered(ROOT, UUID(int=1), "plan", 57, [Version(1_000, 0)])
LARGE = Offered(ROOT, UUID(int=2), "plan", 157, [Version(45_800, 0)], chatbots=2)
SEATS = Offered(ROOT, UUID(int=3), "seats", 0, [Version(500, 0)])
DEAR = Offered(ROOT, UUID(int=4), "seats", 0, [Version(1_500, 0)])


def a_model(*, buys: bool = True) -> Model:
    """An agency with a client, and what the platform offers."""
    nothing = cast(Any, None)
    tree = {"AGENCY": ROOT, "anna": "AGENCY"}
    world = World(0, tree, nothing, {}, {}, [], {}, {}, {}, seats=dict.fromkeys(tree, 0))
    world.choices = {
        name: {"buys_chatbots": buys and name == "AGENCY", "release_chatbots": False}
        for name in tree
    }
    return Model(world, offers=[SMALL, LARGE, SEATS, DEAR], seats=dict(world.seats))


def a_payment(kind: str, amount: int, at: datetime, **more: Any) -> Paid:
    """One of the agency's that was captured."""
    told: dict[str, Any] = {
        "who": "AGENCY", "credits": 0, "chatbots": 0, "ask": None, "decided": 0, "since": at,
    } | more  # fmt: skip
    return Paid(
        payment_id="p", amount=amount, purchase=f"{kind} {at}", at=at, asked=9, first_step=9,
        net=amount, back=0, back_most=0, kind=kind, **told,
    )  # fmt: skip


def an_ask(verb: str, at: datetime, offer: Offered | None = None) -> Ask:
    """One that was done."""
    ask = Ask(1, verb, "AGENCY", Random(0), offer=offer, outcome="done", bought=True, sent=1)
    ask.times.append(at)
    return ask


def found(model: Model, *paid: Paid, **stock: int) -> list[str]:
    """What the auditor says of the agency's chatbots."""
    stocks = {"AGENCY": Stock(**cast(Any, stock)), "anna": Stock()}
    return list(check_chatbots(model, list(paid), stocks))


def test_r37_an_upgrade_costs_and_brings_what_is_left_of_the_difference_to_the_unit() -> None:
    """A plan of 31 January runs to 28 February, 672 hours; 168 of them are left on the 21st."""
    at = datetime(2025, 2, 21, 9, 30, tzinfo=UTC)
    begun = a_payment("plan", 1_000, BEGAN, credits=57, ask=an_ask("plan", BEGAN, SMALL))
    for amount, credits, right in ((11_200, 25, True), (11_201, 25, False), (11_200, 26, False)):
        change = a_payment(
            "change", amount, at, credits=credits, chatbots=2, ask=an_ask("change", at, LARGE)
        )
        assert (not list(check_prices(a_model(), [begun, change]))) == right


def test_r17_r37_an_upgrade_costs_the_whole_price_when_the_old_one_went_back() -> None:
    """Not a cent less, and not while the money of the plan is kept; another period begins with it."""
    at = datetime(2025, 2, 21, 9, 30, tzinfo=UTC)
    begun = a_payment("plan", 1_000, BEGAN, credits=57, ask=an_ask("plan", BEGAN, SMALL))
    for back, amount, credits, right in (
        (1_000, 45_800, 157, True),
        (1_000, 45_799, 157, False),
        (1_000, 45_800, 158, False),
        (999, 45_800, 157, False),
    ):
        begun.back = begun.back_most = back
        change = a_payment(
            "change", amount, at, credits=credits, chatbots=2, ask=an_ask("change", at, LARGE)
        )
        assert (not list(check_prices(a_model(), [begun, change]))) == right


def test_r17_r37_a_difference_that_went_back_is_taken_off_what_is_left() -> None:
    """A quarter of a month is left of a plan for $14.00 with 97 credits, half of which was paid by a
    difference of $2.00 with 20 credits: that went back, and counts no more, in money as in credits."""
    at, half = (datetime(2025, 2, day, 9, tzinfo=UTC) for day in (21, 14))
    middle = Offered(ROOT, UUID(int=5), "plan", 97, [Version(1_400, 0)])
    model = a_model()
    model.offers.append(middle)
    begun = a_payment("plan", 1_000, BEGAN, credits=57, ask=an_ask("plan", BEGAN, SMALL))
    back = a_payment("change", 200, half, credits=20, ask=an_ask("change", half, middle))
    for amount, credits, is_back, right in (
        (45_650, 143, True, True),
        (45_649, 143, True, False),
        (45_650, 144, True, False),
        (45_650, 143, False, False),
    ):
        back.back = back.back_most = 200 * is_back
        change = a_payment(
            "change", amount, at, credits=credits, chatbots=2, ask=an_ask("change", at, LARGE)
        )
        assert may_begin(change, [begun, back]) == is_back
        assert (not list(check_prices(model, [begun, back, change]))) == right


def test_r11_missing_chatbots_cost_the_lowest_price() -> None:
    """Three of them, not at what is meant for hands."""
    for amount, right in ((1_500, True), (4_500, False), (1_499, False)):
        paid = a_payment("auto", amount, BEGAN, chatbots=3)
        assert (not list(check_prices(a_model(), [paid]))) == right


def test_r34_chatbots_renew_at_their_price_once_a_month() -> None:
    """Two that were bought, a month later; not at another price, and not again and again."""
    bought = a_payment("seats", 1_000, BEGAN, chatbots=2, ask=an_ask("seats", BEGAN, SEATS))
    month = BEGAN + timedelta(days=28)
    rents = [a_payment("rent", 1_000, month + timedelta(days=n)) for n in range(3)]
    assert list(check_prices(a_model(), [bought, rents[0]])) == []
    assert list(check_prices(a_model(), [bought, a_payment("rent", 1_200, month)]))
    assert found(a_model(), bought, rents[0], received=2, free=2) == []
    assert found(a_model(), bought, *rents, received=2, free=2)


def test_r1_r31_chatbots_are_what_was_paid_for_unless_they_were_let_go() -> None:
    """One more or one fewer is found; one fewer is right when its owner let one go."""
    bought = a_payment("seats", 1_000, BEGAN, chatbots=2, ask=an_ask("seats", BEGAN, SEATS))
    assert found(a_model(), bought, received=2, free=2) == []
    assert found(a_model(), bought, received=3, free=3)
    assert found(a_model(), bought, received=1, free=1)
    let_go = a_model()
    let_go.let_go.append(LetGo("AGENCY", 1, pauses=False))
    assert found(let_go, bought, received=1, free=1) == []
    assert found(a_model(), bought, received=2, free=1, reserved=1)


def test_r4_r8_r11_chatbots_are_bought_only_as_many_as_were_asked_for() -> None:
    """For an own chatbot if its owner chose so, and never for a client's own."""
    paid = a_payment("auto", 500, BEGAN, chatbots=1)
    for buys, asked in ((True, True), (True, False), (False, True)):
        model = a_model(buys=buys)
        if asked:
            model.asks.append(an_ask("chatbot", BEGAN))
        used = {"used": 1} if asked else {"free": 1}
        assert (found(model, paid, received=1, **used) == []) == (buys and asked)


def test_r31_a_chatbot_pauses_only_where_seats_were_let_go_and_none_is_free() -> None:
    """And none is used that nobody was told of."""
    model = a_model()
    model.asks += [an_ask("chatbot", BEGAN), an_ask("chatbot", BEGAN)]
    model.seats["AGENCY"] = 1
    assert found(model, received=1, used=1)
    model.let_go.append(LetGo("AGENCY", 1, pauses=True))
    assert found(model, received=1, used=1) == []
    model.seats["AGENCY"] = 2
    assert found(model, received=2, used=1, free=1)
    assert found(model, received=2, used=2) == []
    model.asks[0].deleted = True
    assert found(model, received=2, used=2)


def test_r28_a_cap_is_passed_by_what_was_decided_on_within_its_day() -> None:
    """A charge that was on its way over midnight may be dated by either day."""
    model = a_model()
    model.switches = {
        "AGENCY": [Switch(0, 0, True, {"per_day_minor": 1_000})],
        "anna": [Switch(0, 0, True, {})],
    }
    first = a_payment("auto", 600, BEGAN)
    for amount, since, right in (
        (400, BEGAN, True),
        (401, BEGAN, False),
        (401, BEGAN - timedelta(hours=10), True),
    ):
        second = a_payment("auto", amount, BEGAN, since=since)
        assert (not list(check_caps(model, [first, second]))) == right


def test_r27_what_a_caller_heard_is_begun_is_no_auto_billing_however_late_it_fails() -> None:
    """A payment by hand that is declined months after it was asked for, on a clock that leaps."""
    ask = an_ask("seats", BEGAN, SEATS)
    failed = a_payment("", 0, BEGAN + timedelta(days=100), chatbots=1)
    model = a_model()
    model.asks.append(ask)
    assert kind_of(model, failed, ask) == "seats"
    assert kind_of(model, failed, None) == "auto"


def test_r28_a_cap_that_is_lowered_holds_for_what_is_decided_on_after_it() -> None:
    """What was decided on before may be asked for long after it, when an outage is over."""
    model = a_model()
    model.switches = {
        "AGENCY": [Switch(0, 0, True, {}), Switch(40, 50, True, {"per_charge_minor": 1_000})],
        "anna": [Switch(0, 0, True, {})],
    }
    for decided, right in ((45, True), (51, False)):
        late = a_payment("auto", 1_001, BEGAN, decided=decided)
        late.asked = late.first_step = 2_000
        assert (not list(check_caps(model, [late]))) == right


def test_r27_what_was_refused_may_have_been_tried_months_after_it_was_decided_on() -> None:
    """A payment by hand of which nobody heard but that the card was declined, on a clock that leaps."""
    model = a_model()
    model.asks.append(an_ask("seats", BEGAN, SEATS))
    late = BEGAN + timedelta(days=100)
    for since, kind in ((BEGAN, "seats"), (late, "auto")):
        assert kind_of(model, a_payment("", 0, late, chatbots=1, since=since), None) == kind
