"""Whether an operation can succeed along the whole chain of sellers, before anything is held (R17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from brimful.domain.cover import CoverTables
from brimful.domain.planning import Buy, Buyer, Offer, Waiting
from brimful.domain.reason import Reason, Refuse
from brimful.domain.sizing import size_purchase

# Not one child but several: no child has this id, and no limit.
SEVERAL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One account of the chain: what is free in its pool, and how it would buy the rest."""

    buyer: Buyer | None
    free_credits: int
    free_chatbots: int
    unlimited: bool
    offer: Offer | None
    tables: CoverTables | None


@dataclass(frozen=True, slots=True)
class Feasible:
    """Every level can do its part; ``plans`` are the purchases, from the bottom up."""

    plans: tuple[Buy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is to be had from one pool of the chain, in whole credits and chatbots. ``child_id`` is the
    child whose purchase draws on it, if one's, for what that may cost its seller (R28); ``SEVERAL``
    stands for several children, each of whose limits is looked at when it is bought for. ``renewal``: the
    need is of renewals (R30)."""

    credits: int
    chatbots: int
    child_id: str | None = None
    renewal: bool = False

    def is_covered(self, free_credits: int, free_chatbots: int) -> bool:
        """Whether a pool with so much free lacks nothing of it."""
        return self.credits <= free_credits and self.chatbots <= free_chatbots


def buy_for(level: Level, need: Need, at: datetime) -> Buy | Refuse:
    """What a level that does not cover a need would buy for the rest at ``at``, or why it may not."""
    assert level.buyer is not None and level.offer is not None
    short = Waiting(
        demand_id="",
        child_id=need.child_id,
        short_credits=max(0, need.credits - level.free_credits),
        short_chatbots=max(0, need.chatbots - level.free_chatbots),
        renewal=need.renewal,
    )
    return size_purchase(level.buyer, [short], level.offer, level.tables, at)


def need_of(child_id: str, buy: Buy) -> Need:
    """What the purchase of ``child_id`` needs of its seller's pool."""
    return Need(
        credits=buy.credits, chatbots=buy.chatbots, child_id=child_id, renewal=buy.for_renewals
    )


def check_chain(levels: Sequence[Level], need: Need, at: datetime) -> Feasible | Refuse:
    """Follow a need up the chain: each level takes what is free and must be able to buy the rest,
    and what it would buy is the need of the next. ``levels[0]`` is the pool the operation draws on,
    the last is the unlimited supply, or one that covers all that is needed of it. The refusal names the
    level that cannot.
    """
    plans: list[Buy] = []
    for level in levels:
        if level.unlimited or need.is_covered(level.free_credits, level.free_chatbots):
            return Feasible(tuple(plans))
        decision = buy_for(level, need, at)
        if isinstance(decision, Refuse):
            return decision
        plans.append(decision)
        assert level.buyer is not None
        need = need_of(level.buyer.account_id, decision)
    last = levels[-1].buyer
    return Refuse(
        reason=Reason.temporarily_unavailable,
        account_id=last.account_id if last else "",
        detail={},
    )
