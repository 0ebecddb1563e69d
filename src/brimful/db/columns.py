"""Rows as the arrays that one statement unnests: many rows for the price of one round trip."""

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[object]], *, width: int | None = None) -> list[list[object]]:
    """The columns of ``rows``, which all have as many values, in order; of no rows ``width`` empty
    ones. Raises ValueError when there are no rows and nobody says how many columns there are."""
    if not rows and width is not None:
        return [[] for _ in range(width)]
    if not rows:
        raise ValueError("no rows have no columns")
    return [list(column) for column in zip(*rows, strict=True)]
