"""Cutting an auto-billing to what the sellers above can furnish (R17, R19, R28)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brimful.domain.planning import Buy, Waiting
from brimful.domain.reason import Refuse


@dataclass(frozen=True, slots=True)
class Misfit:
    """No purchase can be furnished: ``refusal`` is the seller's that failed, ``demands`` those it
    stops: all that wait, or only the first when smaller ones may pass."""

    refusal: Refuse
    demands: tuple[Waiting, ...]


def fit_to_sellers(
    waiting: Sequence[Waiting],
    size: Callable[[Sequence[Waiting]], Buy | Refuse],
    cannot_furnish: Callable[[Buy], Refuse | None],
) -> Buy | Misfit:
    """The purchase for the longest run of demands, from the first on, that the sellers can furnish.

    ``size`` sizes a purchase for some demands, all of which the account itself may buy for;
    ``cannot_furnish`` says which seller stops a purchase. A need that grows is taken to be harder to
    furnish, so the run is found by halving; were it not so, a shorter run would be served first.
    Whatever stops a seller, be it that it may not buy at all, stops no need that its stock covers.
    """
    whole = size(waiting)
    assert isinstance(whole, Buy), "the account itself may buy for all of them"
    refusal = cannot_furnish(whole)
    if refusal is None:
        return whole
    best: Buy | None = None
    low, high = 0, len(waiting)
    while high - low > 1:
        middle = (low + high) // 2
        part = size(waiting[:middle])
        if isinstance(part, Buy) and cannot_furnish(part) is None:
            best, low = part, middle
        else:
            high = middle
    if best is not None:
        return best
    smallest = min(waiting, key=lambda demand: (demand.short_credits, demand.short_chatbots))
    alone = size([smallest])
    if isinstance(alone, Buy) and cannot_furnish(alone) is None:
        return Misfit(refusal, tuple(waiting[:1]))
    return Misfit(refusal, tuple(waiting))
