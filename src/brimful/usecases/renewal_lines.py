"""What a buyer's renewal brings and costs: a line for each subscription that is due (R34, R36)."""

from collections.abc import Sequence

from brimful.billing.purchases import PurchaseLine, Runs
from brimful.billing.renewals import Due
from brimful.domain.moment import Moment
from brimful.domain.money import charge_limit_minor
from brimful.domain.period import MONTHS, Period
from brimful.domain.renewal import Step, due_step, next_due
from brimful.usecases.intent import Wish
from brimful.usecases.lines import credits_end


def renewal_wish(due: Sequence[Due], moment: Moment) -> Wish:
    """One purchase for all that is due of one buyer. After a clock that stood still it is for the
    month and period that run, once (R34)."""
    return Wish(
        lines=tuple(_line(one, _step(one, moment)) for one in due),
        origin="renewal",
        trigger="renewal",
        explanation={
            "trigger": "renewal",
            "due_at": min(one.due_at for one in due).isoformat(),
            "packages": [one.package_name for one in due],
        },
    )


def begun_together(due: Sequence[Due], moment: Moment) -> list[Due]:
    """Of what is due of one buyer, what begins first; the rest stays due and comes after it.

    Months of periods that are paid for go by themselves, for they are owed whatever becomes of a charge
    (R34). Of the others as much as one charge can be of.
    """
    paid = [one for one in due if not _step(one, moment).renews]
    return paid or _in_one_charge(due, moment)


def what_costs(due: Sequence[Due], moment: Moment) -> list[Due]:
    """Of what is due of one buyer, what one charge is of: all that is due, where nothing costs anything."""
    renews = [one for one in due if _step(one, moment).renews]
    return _in_one_charge(renews or due, moment)


def _in_one_charge(due: Sequence[Due], moment: Moment) -> list[Due]:
    """Of what is due of one buyer, as much as one charge can be of, from the first on; the rest stays
    due and comes after it (R26)."""
    most_minor = charge_limit_minor(due[0].currency)
    owed_minor = due[0].outstanding.minor
    together = [due[0]]
    for one in due[1:]:
        amount_minor = renewal_wish([*together, one], moment).amount_minor
        if amount_minor + owed_minor <= most_minor:
            together.append(one)
    return together


def _step(due: Due, moment: Moment) -> Step:
    step = due_step(due.anchor_at, due.interval, due.months_done, due.credits > 0, moment.at)
    assert step is not None, "a subscription is looked at when its next month is due, not before"
    return step


def _line(due: Due, step: Step) -> PurchaseLine:
    """The line of one subscription: its price when a period begins, its credits each month (R34)."""
    period = Period(
        anchor_at=due.anchor_at,
        starts_at=step.period_starts_at,
        ends_at=step.period_ends_at,
        interval=due.interval,
    )
    brings = due.credits > 0
    return PurchaseLine(
        kind=due.kind,
        package_id=due.package_id,
        package_version=due.package_version,
        quantity=1,
        credits=due.credits,
        chatbots=due.chatbots_to_come,
        amount_minor=due.recurring_minor if step.renews else 0,
        recurring_minor=due.recurring_minor,
        credits_cost_minor=_credits_cost_minor(due, step),
        credits_end_at=credits_end(due.anchor_at, step.months_done, due.rolls_over)
        if brings
        else None,
        runs=Runs(
            subscription_id=due.subscription_id,
            period=period,
            months_done=step.months_done,
            due_at=next_due(due.anchor_at, due.interval, step.months_done, brings),
            begins_period=step.renews,
        ),
    )


def _credits_cost_minor(due: Due, step: Step) -> int:
    """The part of the period's price that this month's credits carry, to the minor unit over the
    months of a period (R13, R25)."""
    if not due.price_minor or not due.credits:
        return 0
    whole = due.recurring_minor * due.credits_price_minor // due.price_minor
    months, month = MONTHS[due.interval], (step.months_done - 1) % MONTHS[due.interval]
    return whole * (month + 1) // months - whole * month // months
