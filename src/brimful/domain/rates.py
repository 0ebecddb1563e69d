"""What a reply costs: credits by model, as the seller rates them (R7, R15)."""

from collections.abc import Mapping

from brimful.domain.money import MAX_CREDITS


class UnknownModel(ValueError):
    """The seller has no rate for the model."""


def credits_for(rates: Mapping[str, int], model: str, messages: int) -> int:
    """The credits for so many replies of a model. Raises UnknownModel, or ValueError for too many."""
    if model not in rates:
        raise UnknownModel(model)
    credits = rates[model] * messages
    if not 1 <= credits <= MAX_CREDITS:
        raise ValueError(f"{messages} messages of {model} come to {credits} credits, out of range")
    return credits
