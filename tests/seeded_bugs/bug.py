"""What a seeded bug is."""

from dataclasses import dataclass

USECASES = "src/brimful/usecases"
EFFECTS = "src/brimful/effects"
DOMAIN = "src/brimful/domain"
GATEWAYS = "src/brimful/gateways"
BILLING = "src/brimful/billing/sql"
TABLES = "src/brimful/db/migrations/0001_ground"


@dataclass(frozen=True, slots=True)
class Bug:
    """One change of one file, and what it breaks: ``old``, which occurs once in the file, becomes
    ``new``. ``tests`` are those that notice it soonest, by pytest's names for them. What only shows between
    two statements is looked for by the simulator in seeds that keep whoever comes to the second,
    ``at`` it."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...] = ()
    at: str | None = None
