"""R5, R7, R11 to R15: one purchase for all that waits, by number."""

from datetime import timedelta

import pytest

from brimful.domain.cover import Pack
from brimful.domain.planning import Line
from brimful.domain.reason import Reason, Refuse
from brimful.domain.sizing import size_purchase
from tests.domain.makers import AT, a_buyer, a_period, an_offer, bought, decide, needs

HALF = a_period(AT - timedelta(days=15), AT + timedelta(days=15))


def test_r14_the_worked_example() -> None:
    """Pool 9,000, a plan with 10,000: 1,000 are missing, 2,000 are bought for $10.00."""
    buy = bought(a_buyer(), needs(10_000 - 9_000))
    assert (buy.credits, buy.amount_minor, buy.currency) == (2_000, 1_000, "USD")
    assert (9_000 + buy.credits, 9_000 + buy.credits - 10_000) == (11_000, 1_000)


@pytest.mark.parametrize(
    ("shortage", "amount", "credits", "counts"),
    [
        (1, 1_000, 2_000, {"small": 1}),
        (1_000, 1_000, 2_000, {"small": 1}),
        (5_000, 3_000, 6_000, {"small": 3}),
        (9_000, 5_000, 12_500, {"medium": 1}),
        (13_000, 6_000, 14_500, {"small": 1, "medium": 1}),
        (35_000, 10_000, 35_000, {"large": 1}),
        (36_000, 11_000, 37_000, {"small": 1, "large": 1}),
    ],
)
def test_r15_the_price_list(
    shortage: int, amount: int, credits: int, counts: dict[str, int]
) -> None:
    """Every shortage of the rule, line by line."""
    buy = bought(a_buyer(), needs(shortage))
    assert (buy.amount_minor, buy.credits) == (amount, credits)
    assert {line.package_id: line.quantity for line in buy.lines} == counts
    assert all(line.recurring_minor == 0 for line in buy.lines)


@pytest.mark.parametrize(
    ("shortage", "amount"), [(1_000, 1_000), (5_000, 5_000), (13_000, 10_000), (36_000, 11_000)]
)
def test_r12_single_pack_takes_one_pack_and_the_best_cover_only_when_none_suffices(
    shortage: int, amount: int
) -> None:
    """5,000 cost $50.00 then, not $30.00; for 36,000 no single pack covers."""
    buy = bought(a_buyer(strategy="single_pack"), needs(shortage))
    assert buy.amount_minor == amount
    assert sum(line.quantity for line in buy.lines) == (1 if shortage <= 35_000 else 2)


@pytest.mark.parametrize(
    ("allowed", "amount", "credits"),
    [
        ({"small"}, 18_000, 36_000),
        ({"medium"}, 15_000, 37_500),
        ({"large"}, 20_000, 70_000),
        ({"small", "medium"}, 15_000, 37_500),
        ({"medium", "large"}, 15_000, 47_500),  # a tie with 3 × 12,500, won by more credits
    ],
)
def test_r12_only_packages_that_the_owner_allows_are_bought(
    allowed: set[str], amount: int, credits: int
) -> None:
    """36,000 without the best pair, by the cheapest way that is left."""
    buy = bought(a_buyer(allowed_packages=frozenset(allowed)), needs(36_000))
    assert (buy.amount_minor, buy.credits) == (amount, credits)
    assert {line.package_id for line in buy.lines} <= allowed


def test_r12_an_owner_who_allows_no_credit_pack_is_refused_with_the_reason() -> None:
    """The seller's other packs are not bought behind his back."""
    buyer = a_buyer(allowed_packages=frozenset({"withdrawn"}))
    assert decide(buyer, needs(1)) == Refuse(
        reason=Reason.no_credit_package, account_id="agency", detail={}
    )


def test_r12_allowed_packages_are_of_credits_and_restrict_no_chatbots() -> None:
    """Which packs the owner likes says nothing of the chatbots that its clients buy."""
    assert bought(a_buyer(allowed_packages=frozenset({"small"})), needs((0, 2))).amount_minor == 600


def test_r4_chatbots_of_its_own_are_bought_only_where_that_is_switched_on() -> None:
    """It holds up no client whose plan needs chatbots."""
    off = a_buyer(buys_chatbots_for_itself=False)
    assert decide(off, needs((0, 1))) == Refuse(
        reason=Reason.chatbot_purchase_off, account_id="agency", detail={}
    )
    both = bought(off, needs((0, 1), (0, 2), children=(None, "ann")))
    assert both.refused == (("a", Reason.chatbot_purchase_off),)
    assert both.chatbots == 2


def test_r11_five_of_ten_chatbots_missing_buys_five() -> None:
    """Pool 5, a plan with 10: five are subscribed, and recur."""
    assert bought(a_buyer(), needs((0, 10 - 5))).lines == (
        Line(
            kind="chatbots",
            package_id="seat",
            quantity=5,
            credits=0,
            chatbots=5,
            amount_minor=1_500,
            recurring_minor=1_500,
        ),
    )


def test_r37_chatbots_join_the_buyers_period_at_its_prorated_price() -> None:
    """Half of it is left: half is due now, the whole recurs."""
    (line,) = bought(a_buyer(period=HALF), needs((0, 5))).lines
    assert (line.amount_minor, line.recurring_minor) == (750, 1_500)


def test_r5_r13_a_plan_short_of_both_makes_one_charge_with_a_line_each() -> None:
    """3,000 credits by two packs for $20.00 and two chatbots for $6.00."""
    buy = bought(a_buyer(), needs((3_000, 2)))
    assert [(line.kind, line.quantity, line.amount_minor) for line in buy.lines] == [
        ("credits", 2, 2_000),
        ("chatbots", 2, 600),
    ]
    assert (buy.amount_minor, buy.credits, buy.chatbots) == (2_600, 4_000, 2)


@pytest.mark.parametrize(
    ("offer", "short", "reason"),
    [
        (an_offer(packs=()), (1, 0), Reason.no_credit_package),
        (an_offer(seats=()), (0, 1), Reason.no_chatbot_package),
        (an_offer(packs=(), seats=()), (1, 1), Reason.no_credit_package),
    ],
)
def test_r5_r11_what_is_not_offered_is_refused_with_the_reason(
    offer: object, short: tuple[int, int], reason: Reason
) -> None:
    """Never a silent nothing."""
    decision = decide(a_buyer(), needs(short), offer)  # type: ignore[arg-type]
    assert decision == Refuse(reason=reason, account_id="agency", detail={})
    assert isinstance(decision, Refuse) and decision.each == (("a", reason),)


def test_r5_without_any_tables_there_is_no_cover() -> None:
    """As of a catalogue without credits."""
    decision = size_purchase(a_buyer(), needs(1), an_offer(packs=()), None, AT)
    assert isinstance(decision, Refuse) and decision.reason is Reason.no_credit_package


def test_r20_where_nothing_waits_any_more_nothing_is_bought() -> None:
    """Whoever waited has gone."""
    decision = decide(a_buyer(), [])
    assert decision == Refuse(reason=Reason.canceled, account_id="agency", detail={})


def test_r29_while_the_gateway_is_out_the_refusal_says_since_when() -> None:
    """And only a refusal for that."""
    since = AT - timedelta(minutes=5)
    out = decide(a_buyer(out_since=since), needs(1))
    assert out == Refuse(
        reason=Reason.gateway_unavailable, account_id="agency", detail={"since": since.isoformat()}
    )
    paused = decide(a_buyer(out_since=since, paused=Reason.card_declined), needs(1))
    assert paused == Refuse(reason=Reason.auto_billing_paused, account_id="agency", detail={})


def test_r13_many_demands_are_bought_for_together_and_not_one_by_one() -> None:
    """Three short of 1,000 each: two packs, not three, and the cost divided by shortage."""
    buy = bought(a_buyer(), needs(1_000, 1_000, 1_000))
    assert buy.amount_minor == 2_000
    assert [served.allocated_minor for served in buy.served] == [667, 667, 666]


def test_r13_credits_are_not_paid_by_who_lacked_only_chatbots() -> None:
    """$10.00 for credits to a, $3.00 a chatbot to b and c."""
    buy = bought(a_buyer(), needs((500, 0), (0, 1), (0, 2)))
    assert [served.allocated_minor for served in buy.served] == [1_000, 300, 600]


def test_r26_the_price_is_in_the_sellers_currency_whatever_its_decimals() -> None:
    """A yen price list is counted in yen; nothing is multiplied or divided by 100."""
    yen = an_offer(packs=(Pack(package_id="yen", credits=1_000, price_minor=150),))
    buy = bought(a_buyer(), needs(2_500), yen)
    assert buy.amount_minor == 450
