"""Worlds to begin in: trees of at least three levels with what is sold in them, built by the real use
cases once and put back as rows for every seed that begins there.

Numbers tell what was sold, so that the bank's own journal does: credits of plans end in 7, those of
packages that only a hand buys in 3, those that auto-billing chooses from in 0. Prices are such that no
part of one is too small to be charged (R26): a whole price for chatbots, or one of which a minute is
enough; and from a plan to a larger one so much that an hour of it is.
"""

from dataclasses import dataclass, field, replace
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
# The price of a chatbot of which less than a minute of a month is enough to be charged.
SEAT_PRORATED = 4_000_000
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
    """A package with all its versions. ``kind`` is plan, hand, auto or seats: extra chatbots, which
    auto-billing chooses from as well; ``prorated`` when they join a period at a part of their price."""

    seller: str
    package_id: UUID
    kind: str
    credits: int
    versions: list[Version]
    withdrawn: bool = False
    chatbots: int = 0
    prorated: bool = False

    def copy(self) -> "Offered":
        """One that a run may change."""
        versions = [Version(v.price, v.since, v.until) for v in self.versions]
        return replace(self, versions=versions)

    @property
    def prices(self) -> set[int]:
        """What it ever cost."""
        return {version.price for version in self.versions}


@dataclass(slots=True)
class World:
    """What a seed begins with, as the auditor knows it: ``seats`` are chatbots that were given,
    ``choices`` what owners chose beside their caps; ``ended_s`` is how long building it took on the
    virtual clock."""

    number: int
    tree: dict[str, str]
    platform: Platform
    accounts: dict[str, Account]
    supplies: dict[str, Account]
    offers: list[Offered]
    gifts: dict[str, int]
    limits: dict[str, dict[str, int]]
    enabled: dict[str, bool]
    seats: dict[str, int] = field(default_factory=dict)
    choices: dict[str, dict[str, bool]] = field(default_factory=dict)
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


def draw_seats(world: World, name: str) -> tuple[int, dict[str, bool]]:
    """Chatbots that an account is given, and what its owner chose: to have them bought for it (R4),
    and released when nobody needs them (R31)."""
    random = Random(f"world {world.number} seats {name}")
    seats = random.choice((0, 1, 4)) if world.tree[name] == ROOT else 0
    buys = name.isupper() and random.random() < 0.7
    return seats, {"buys_chatbots": buys, "release_chatbots": random.random() < 0.3}


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
        seats, world.choices[name] = draw_seats(world, name)
        world.seats[name] = seats
        if gift or seats:
            await sandbox.stock(name, credits=gift, chatbots=seats)
        world.limits[name] = draw_limits(random, 1_000)
        world.enabled[name] = random.random() < 0.85
        if world.enabled[name]:
            chosen = {**world.limits[name], **world.choices[name]}
            answer = await sandbox.auto_billing(name, enabled=True, **chosen)
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
    await _sell_chatbots(sandbox, world, name, credits)


async def _sell_chatbots(sandbox: Sandbox, world: World, name: str, credits: int) -> None:
    """A plan that is more than the other by chatbots, and perhaps credits; extra chatbots, mostly at
    their whole price, perhaps beside others that are too dear for auto-billing."""
    random = Random(f"world {world.number} chatbots {name}")
    seller = None if name == ROOT else name
    more, chatbots = credits + random.choice((0, 100, 300)), random.choice((1, 2, 4))
    price = 45_000 + random.randint(0, 5_000)
    made = await sandbox.package(seller, price, credits=more, chatbots=chatbots, interval="month")
    _offer(world, name, made, "plan", more, price, chatbots=chatbots)
    prorated = random.random() < 0.3
    price = SEAT_PRORATED if prorated else random.randint(400, 900)
    for dear in (1, 3)[: random.choice((1, 2))]:
        package_id = None
        if seller is None and dear == 1:
            package_id = await sandbox.db.fetchval(
                "select package_id from package where kind = 'extra_chatbots'"
            )
        made = await sandbox.package(
            seller, price * dear, kind="extra_chatbots", interval="month", package_id=package_id,
            full_price_first=not prorated,
        )  # fmt: skip
        _offer(world, name, made, "seats", 0, price * dear, prorated=prorated)


def _offer(
    world: World,
    seller: str,
    package_id: UUID,
    kind: str,
    credits: int,
    price: int,
    *,
    chatbots: int = 0,
    prorated: bool = False,
) -> None:
    world.offers.append(
        Offered(
            seller, package_id, kind, credits, [Version(price, 0)], chatbots=chatbots,
            prorated=prorated,
        )
    )  # fmt: skip


async def _supplies(sandbox: Sandbox, world: World) -> None:
    """The platform's place in each tenant, which gifts to agencies come from."""
    for name, seller in world.tree.items():
        if seller == ROOT:
            here = world.accounts[name]
            assert here.parent_id is not None
            supply = await accounts.read_account(sandbox.db, here.tenant_id, here.parent_id)
            assert supply is not None
            world.supplies[name] = supply
