"""The proof of the books: each check is a query for what contradicts it (R1, R43)."""

from dataclasses import dataclass
from importlib.resources import files

from brimful.db.limits import LONG_S
from brimful.db.transaction import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that contradicts the books: which check, in which tenant, and the figures."""

    check: str
    tenant_id: str
    detail: str


def checks() -> dict[str, str]:
    """Every check's query by its name. A query returns (tenant_id, detail) of each contradiction."""
    folder = files("brimful.ledger").joinpath("sql", "checks")
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }


async def audit(db: Database) -> list[Finding]:
    """Run every check on the whole database; an empty list is the proof. Each may take hours."""
    findings: list[Finding] = []
    for name, query in checks().items():
        for row in await db.fetch(query, timeout=LONG_S):
            findings.append(Finding(name, str(row["tenant_id"]), row["detail"]))
    return findings
