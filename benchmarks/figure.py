"""One measured figure, and what it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value beside a rival's, or beside a limit (then ``rival`` says so); lower is better unless
    ``more_is_better``. ``details`` are what else was measured in the same run, by name."""

    name: str
    value: float
    unit: str
    rival: str
    rival_value: float | None
    more_is_better: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """With the ratio: above one is in our favour."""
        ratio = None
        if self.rival_value and self.value:
            ours_over_theirs = self.value / self.rival_value
            ratio = ours_over_theirs if self.more_is_better else 1 / ours_over_theirs
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "rival": self.rival,
            "rival_value": self.rival_value,
            "ratio": ratio,
            "details": dict(self.details),
        }


def quantile(values: Sequence[float], part: float) -> float:
    """The value that this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
