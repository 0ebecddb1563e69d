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


def check_chain(
    levels: Sequence[Level],
    need_credits: int,
    need_chatbots: int,
    at: datetime,
    *,
    child_id: str | None = None,
    renewal: bool = False,
) -> Feasible | Refuse:
    """Follow a need up the chain: each level takes what is free and must be able to buy the rest,
    and what it would buy is the need of the next. ``levels[0]`` is the pool the operation draws on,
    the last is the unlimited supply. The refusal names the level that cannot. ``child_id`` is the
    child whose purchase draws on ``levels[0]``, if one's, for what that may cost its seller (R28);
    for each level above it is the account below. ``SEVERAL`` stands for several children, each of
    whose limits is looked at when it is bought for. ``renewal``: the need is of renewals (R30).
    """
    plans: list[Buy] = []
    for level in levels:
        short_credits = max(0, need_credits - level.free_credits)
        short_chatbots = max(0, need_chatbots - level.free_chatbots)
        if level.unlimited or not (short_credits or short_chatbots):
            return Feasible(tuple(plans))
        assert level.buyer is not None and level.offer is not None
        decision = size_purchase(
            level.buyer,
            [
                Waiting(
                    demand_id="",
                    child_id=child_id,
                    short_credits=short_credits,
                    short_chatbots=short_chatbots,
                    renewal=renewal,
                )
            ],
            level.offer,
            level.tables,
            at,
        )
        if isinstance(decision, Refuse):
            return decision
        plans.append(decision)
        need_credits, need_chatbots = decision.credits, decision.chatbots
        child_id = level.buyer.account_id
        renewal = decision.for_renewals
    last = levels[-1].buyer
    return Refuse(
        reason=Reason.temporarily_unavailable,
        account_id=last.account_id if last else "",
        detail={},
    )
