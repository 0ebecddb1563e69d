"""One measured figure, and what it is compared with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value beside a rival's, or beside a limit (then ``rival`` says so); lower is better."""

    name: str
    value: float
    unit: str
    rival: str
    rival_value: float | None

    def as_json(self) -> dict[str, str | float | None]:
        """With the ratio: above one is in our favour."""
        ratio = self.rival_value / self.value if self.rival_value and self.value else None
        return {**asdict(self), "ratio": ratio}


def quantile(values: Sequence[float], part: float) -> float:
    """The value that this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
