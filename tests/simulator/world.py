"""Worlds to begin in: trees of at least three levels with what is sold in them, built by the real use
cases once and put back as rows for every seed that begins there.

Numbers tell what was sold, so that the bank's own journal does: credits of plans end in 7, those of
packages that only a hand buys in 3, those that auto-billing chooses from in 0.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from brimful.billing import accounts
from brimful.billing.accounts import Account, Platform
from brimful.cli.sandbox import Sandbox, open_sandbox
from brimful.wiring import Engine

START = datetime(2025, 1, 20, 9, tzinfo=UTC)
WORLDS = 48
ROOT = "Platform"
# Names and sellers, in the order in which they are opened; capitals sell.
SHAPES = (
    {"AGENCY": ROOT, "anna": "AGENCY", "bert": "AGENCY"},
    {"AGENCY": ROOT, "anna": "AGENCY", "bert": "AGENCY", "cleo": "AGENCY"},
    {"AGENCY": ROOT, "BRANCH": "AGENCY", "anna": "BRANCH", "bert": "BRANCH"},
    {"AGENCY": ROOT, "BRANCH": "AGENCY", "anna": "BRANCH", "bert": "BRANCH", "cleo": "AGENCY"},
    {"AGENCY": ROOT, "BRANCH": "AGENCY", "TWIG": "BRANCH", "anna": "TWIG", "bert": "BRANCH"},
    {"AGENCY": ROOT, "anna": "AGENCY", "bert": "AGENCY", "OTHER": ROOT, "dora": "OTHER"},
)


@dataclass(slots=True)
class Version:
    """A package as it was sold from a step on."""

    price: int
    since: int
    until: int | None = None


@dataclass(slots=True)
class Offered:
    """A package with all its versions. ``kind`` is plan, hand or auto."""

    seller: str
    package_id: UUID
    kind: str
    credits: int
    versions: list[Version]
    withdrawn: bool = False

    def copy(self) -> "Offered":
        """One that a run may change."""
        versions = [Version(v.price, v.since, v.until) for v in self.versions]
        return Offered(
            self.seller, self.package_id, self.kind, self.credits, versions, self.withdrawn
        )


@dataclass(slots=True)
class World:
    """What a seed begins with, as the auditor knows it; ``ended_s`` is how long building it took on
    the virtual clock."""

    number: int
    tree: dict[str, str]
    platform: Platform
    accounts: dict[str, Account]
    supplies: dict[str, Account]
    offers: list[Offered]
    gifts: dict[str, int]
    limits: dict[str, dict[str, int]]
    enabled: dict[str, bool]
    cards: dict[str, str] = field(default_factory=dict)
    bank: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended_s: float = 0.0

    @property
    def levels(self) -> int:
        """How deep the tree is, the platform included."""
        return max(self.depth(name) for name in self.tree) + 1

    def depth(self, name: str) -> int:
        """How far below the platform an account is."""
        return 0 if name == ROOT else 1 + self.depth(self.tree[name])

    @property
    def sellers(self) -> list[str]:
        """Who sells, the platform first."""
        return [ROOT, *(name for name in self.tree if name.isupper())]


def draw_limits(random: Random, unit: int) -> dict[str, int]:
    """Caps, mostly none; ``unit`` is what a usual purchase costs."""
    limits = {}
    for cap, least in (
        ("per_charge_minor", 1),
        ("per_day_minor", 2),
        ("per_month_minor", 4),
        ("per_hour_count", 0),
    ):
        if random.random() < 0.2:
            limits[cap] = unit * random.randint(least, 4 * least) if least else random.randint(1, 4)
    return limits


async def build(engine: Engine, number: int) -> World:
    """Open the accounts of a world through the real use cases, on an empty database."""
    random = Random(f"world {number}")
    tree = SHAPES[number % len(SHAPES)]
    sandbox = await open_sandbox(engine)
    world = World(number, tree, sandbox.platform, {}, {}, [], {}, {}, {})
    await _sell(sandbox, world, random, ROOT)
    for name, seller in tree.items():
        below = None if seller == ROOT else seller
        world.accounts[name] = await sandbox.open(name, below, sells=name.isupper())
        if name.isupper():
            await _sell(sandbox, world, random, name)
        await sandbox.card(name, "tok_success")
        world.cards[f"tok_success#{name}"] = name
        gift = random.choice((0, 500, 3_000)) if below is None else 0
        world.gifts[name] = gift
        if gift:
            await sandbox.stock(name, credits=gift)
        world.limits[name] = draw_limits(random, 1_000)
        world.enabled[name] = random.random() < 0.85
        if world.enabled[name]:
            answer = await sandbox.auto_billing(name, enabled=True, **world.limits[name])
            world.enabled[name] = hasattr(answer, "effects")
    await _supplies(sandbox, world)
    return world


async def _sell(sandbox: Sandbox, world: World, random: Random, name: str) -> None:
    """What a seller offers: packs that auto-billing chooses from, one that is too dear for it, a plan."""
    seller = None if name == ROOT else name
    if seller is None:
        shelf = await sandbox.db.fetch(
            "select p.package_id, v.credits, v.price_minor from package p join package_version v "
            "using (package_id) where p.kind = 'additional_credits' order by p.position"
        )
        for row in shelf:
            _offer(world, name, row["package_id"], "auto", row["credits"], row["price_minor"])
        rate = 2
    else:
        rate = 1
        for credits in random.sample((100, 250, 400, 1_000), random.randint(1, 3)):
            price = max(60, credits - random.randint(0, credits // 5))
            made = await sandbox.package(seller, price, credits=credits)
            _offer(world, name, made, "auto", credits, price)
    credits = random.choice((103, 303, 503))
    price = 20 * credits
    made = await sandbox.package(seller, price, credits=credits)
    _offer(world, name, made, "hand", credits, price)
    credits = random.choice((57, 207, 1_007))
    price = max(60, credits // rate)
    made = await sandbox.package(seller, price, credits=credits, interval="month")
    _offer(world, name, made, "plan", credits, price)


def _offer(
    world: World, seller: str, package_id: UUID, kind: str, credits: int, price: int
) -> None:
    world.offers.append(Offered(seller, package_id, kind, credits, [Version(price, 0)]))


async def _supplies(sandbox: Sandbox, world: World) -> None:
    """The platform's place in each tenant, which gifts to agencies come from."""
    for name, seller in world.tree.items():
        if seller == ROOT:
            here = world.accounts[name]
            assert here.parent_id is not None
            supply = await accounts.read_account(sandbox.db, here.tenant_id, here.parent_id)
            assert supply is not None
            world.supplies[name] = supply
