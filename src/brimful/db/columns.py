"""Rows as the arrays that one statement unnests: many rows for the price of one round trip."""

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """The columns of ``rows``, which all have as many values, in order. Raises ValueError when there
    are no rows, as then nobody can say how many columns there are."""
    if not rows:
        raise ValueError("no rows have no columns")
    return [list(column) for column in zip(*rows, strict=True)]
