"""What the auditor says of hard caps (R28)."""

from collections.abc import Iterator

from tests.simulator.model import Model
from tests.simulator.paid import Paid

CAPS = (("per_day_minor", "%Y-%m-%d"), ("per_month_minor", "%Y-%m"))


def check_caps(model: Model, paid: list[Paid]) -> Iterator[str]:
    """No cap was passed by auto-billing. A charge counts for the day of its intent (R28): one that was
    on its way while the day changed, for neither here."""
    for name in model.world.tree:
        mine = [p for p in paid if p.who == name and p.kind == "auto" and p.net]
        mine.sort(key=lambda one: one.first_step)
        for number, one in enumerate(mine):
            allowed = _limit(model, one, "per_charge_minor")
            if allowed is not None and one.amount > allowed:
                yield f"{name} was charged {one.amount}, its limit per charge is {allowed}"
            for cap, form in CAPS:
                limit = _limit(model, one, cap)
                day = one.at.strftime(form)
                spent = sum(p.net for p in mine[: number + 1] if _days(p, form) == {day})
                if limit is not None and spent > limit:
                    yield f"{name} was charged {spent} in {day}, its limit is {limit}"


def _days(paid: Paid, form: str) -> set[str]:
    """The days, or months, in one of which a charge was decided on."""
    return {paid.since.strftime(form), paid.at.strftime(form)}


def _limit(model: Model, one: Paid, cap: str) -> int | None:
    """The highest limit that may have been in force when a payment was decided on."""
    steps = [one.first_step]
    found: list[int] = []
    for switch in model.switches[one.who]:
        if switch.asked > steps[0]:
            continue
        later = [
            other
            for other in model.switches[one.who]
            if other.asked > switch.asked and 0 <= other.known < one.decided
        ]
        if not later:
            limit = switch.limits.get(cap)
            if limit is None:
                return None
            found.append(limit)
    return max(found, default=0) if found else None
