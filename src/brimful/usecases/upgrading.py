"""What a change of plan means for a subscription as it is: its terms compared, its line priced (R31, R37)."""

from collections.abc import Sequence

from brimful.billing.offers import Package
from brimful.billing.purchases import PurchaseLine, Runs
from brimful.billing.subscriptions import Subscription
from brimful.domain.moment import Moment
from brimful.domain.money import charge_step_minor
from brimful.domain.period import month_at
from brimful.domain.plan_change import Downgrade, Gone, NoChange, PlanTerms, Upgrade, change_plan
from brimful.domain.reason import Reason
from brimful.domain.renewal import month_index, next_due
from brimful.usecases.lines import credits_end


def why_not_now(held: Subscription, moment: Moment) -> Reason | None:
    """Why a subscription can not be changed at present: it is not paid for, or its renewal comes first
    (R35, R37)."""
    if held.state != "active":
        return Reason.subscription_past_due
    if held.under_way or held.due_at <= moment.at:
        return Reason.renewal_under_way
    return None


def change_to(
    held: Subscription, package: Package, moment: Moment, *, gone: Sequence[Gone]
) -> Upgrade | Downgrade | NoChange:
    """What it means to go from a subscription to another plan of its seller's now; ``gone``: what was
    paid for its period and has gone back (R25)."""
    month = month_index(held.anchor_at, moment.at)
    return change_plan(
        _terms_held(held),
        _terms(package),
        period=held.period,
        month=(month_at(held.anchor_at, month), month_at(held.anchor_at, month + 1)),
        at=moment.at,
        gone=gone,
    )


def upgrade_line(held: Subscription, package: Package, up: Upgrade, moment: Moment) -> PurchaseLine:
    """The line of an upgrade: the difference now, the new terms from now on."""
    period, brings = up.period, package.credits > 0
    months_done = month_index(period.anchor_at, moment.at) + 1
    whole_minor = up.charge_minor * package.credits_price_minor // package.price_minor
    months_left = period.months - (months_done - 1) % period.months
    return PurchaseLine(
        kind="subscription",
        package_id=package.package_id,
        package_version=package.version,
        quantity=1,
        credits=up.credits,
        chatbots=up.chatbots,
        amount_minor=up.charge_minor,
        recurring_minor=package.price_minor,
        credits_cost_minor=whole_minor // months_left if up.credits else 0,
        credits_end_at=credits_end(period.anchor_at, months_done, package.rolls_over)
        if up.credits
        else None,
        runs=Runs(
            subscription_id=held.subscription_id,
            period=period,
            months_done=months_done,
            due_at=next_due(period.anchor_at, period.interval, months_done, brings),
            begins_period=up.begins_period,
            credits=package.credits,
        ),
    )


def _terms_held(held: Subscription) -> PlanTerms:
    return PlanTerms(
        package_id=str(held.package_id),
        version=held.package_version,
        price_minor=held.recurring_minor,
        credits=held.credits,
        chatbots=held.chatbots,
        interval=held.interval,
        step_minor=charge_step_minor(held.currency),
    )


def _terms(package: Package) -> PlanTerms:
    return PlanTerms(
        package_id=str(package.package_id),
        version=package.version,
        price_minor=package.price_minor,
        credits=package.credits,
        chatbots=package.chatbots,
        interval=package.billing_interval or "month",
        step_minor=charge_step_minor(package.currency),
    )
