"""Dividing what a charge cost among those it served, to the last minor unit (R13)."""

from collections.abc import Sequence


def allocate(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Shares of an amount in proportion to weights, by largest remainder; ties go to the earlier.

    The shares add up to the amount. All weights zero: all shares zero, and so must the amount be.
    Raises ValueError for a negative amount or weight.
    """
    if amount_minor < 0 or any(weight < 0 for weight in weights):
        raise ValueError("amounts and weights are not negative")
    total = sum(weights)
    if total == 0:
        if amount_minor:
            raise ValueError("an amount cannot be divided among nobody")
        return (0,) * len(weights)
    shares = [amount_minor * weight // total for weight in weights]
    remainders = [amount_minor * weight % total for weight in weights]
    left = amount_minor - sum(shares)
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[:left]:
        shares[i] += 1
    return tuple(shares)


def allocate_lines(
    credits_minor: int, chatbots_minor: int, shortages: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Shares of a purchase whose credits cost ``credits_minor`` and whose chatbots
    ``chatbots_minor``, each divided by the shortages (credits, chatbots) it was bought for."""
    credits = allocate(credits_minor, [short for short, _ in shortages])
    chatbots = allocate(chatbots_minor, [short for _, short in shortages])
    return tuple(a + b for a, b in zip(credits, chatbots, strict=True))
