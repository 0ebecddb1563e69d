"""What an owner agreed to let be bought ahead, and how much that is now (R33)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from brimful.domain.buy_ahead import Ahead, below_threshold, buy_ahead
from brimful.domain.forecast import Renewal, Usage

Agreed = Literal["threshold", "forecast"]
AheadTrigger = Literal["overdraft", "threshold", "forecast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyAhead:
    """What the owner of a selling account agreed to; off by default. ``renewals``: the forecast may
    buy for its clients' renewals, too."""

    threshold_credits: int | None = None
    target_credits: int | None = None
    forecast: bool = False
    renewals: bool = False

    @property
    def on(self) -> bool:
        """Whether anything of it is on."""
        return self.forecast or self.threshold_credits is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Credits to buy ahead, more than none, which rule asks for them, and the figures that it asks
    with, for the explanation."""

    trigger: AheadTrigger
    credits: int
    figures: Mapping[str, int]


def shortfall(
    *, free: int, setting: BuyAhead, usage: Usage, renewals: Sequence[Renewal], at: datetime
) -> Shortfall | None:
    """The largest of the needs, not their sum: it leaves the pool where all are content. None when
    none asks for anything. ``free`` is what nobody has reserved, below zero when it is overdrawn,
    which is always a need."""
    needs = [Shortfall(trigger="overdraft", credits=max(0, -free), figures={"free": free})]
    if setting.threshold_credits is not None and setting.target_credits is not None:
        threshold, target = setting.threshold_credits, setting.target_credits
        credits = below_threshold(free=free, threshold=threshold, target=target)
        figures = {"free": free, "threshold": threshold, "target": target}
        needs.append(Shortfall(trigger="threshold", credits=credits, figures=figures))
    if setting.forecast:
        ahead = Ahead(renewals=setting.renewals)
        credits = buy_ahead(free=free, usage=usage, renewals_due=renewals, setting=ahead, at=at)
        figures = {"free": free, "needed": free + credits}
        needs.append(Shortfall(trigger="forecast", credits=credits, figures=figures))
    largest = max(needs, key=lambda need: need.credits)
    return largest if largest.credits > 0 else None
