"""The small world of the histories: who sells what to whom."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["subscription", "extra_chatbots", "additional_credits"]


@dataclass(frozen=True, slots=True)
class Offered:
    """One package; its price in cents, for ``months`` where it recurs. Additional credits end after
    ``days``, if any."""

    name: str
    kind: Kind
    price: int
    credits: int = 0
    chatbots: int = 0
    months: int = 1
    days: int | None = None


def plan(name: str, price: int, credits: int, chatbots: int = 0, months: int = 1) -> Offered:
    """A subscription."""
    return Offered(name, "subscription", price, credits, chatbots, months)


def pack(credits: int, price: int, days: int | None = None) -> Offered:
    """A pack of additional credits."""
    return Offered(f"{credits:,} credits", "additional_credits", price, credits, days=days)


def seats(price: int, months: int = 1) -> Offered:
    """Extra chatbots."""
    return Offered("Extra chatbots", "extra_chatbots", price, months=months)


ROOT = "Platform"
# Who is opened, under whom, in this order; those that are named as sellers sell.
TREE = {
    "Agency": ROOT, "Anna": "Agency", "Ben": "Agency",
    "Inner": "Agency", "Cleo": "Inner", "Dora": "Inner",
}  # fmt: skip
SELLERS = ("Agency", "Inner")

# The platform has the price list of R15, which every world is opened with.
PRICE_LIST = (pack(2_000, 1_000), pack(12_500, 5_000), pack(35_000, 10_000), seats(500))
OFFERS: dict[str, tuple[Offered, ...]] = {
    ROOT: (*PRICE_LIST, plan("Wholesale", 9_900, 12_000, 5), plan("Seats", 4_000, 0, 8, months=3)),
    "Agency": (
        pack(3_000, 2_500),
        pack(1_000, 900, days=45),
        seats(700),
        plan("Month", 4_900, 10_000, 2),
        plan("Quarter", 12_000, 4_000, 1, months=3),
        plan("Year", 40_000, 1_500, 3, months=12),
        # Below the least that can be charged: it is owed, and collected with the next charge.
        plan("Tiny", 30, 100),
    ),
    "Inner": (
        pack(500, 600),
        pack(2_200, 2_000, days=20),
        seats(6_000, months=12),
        plan("Small", 1_500, 2_000, 1),
        plan("Medium", 2_900, 3_500, 1),
    ),
}
