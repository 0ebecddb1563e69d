"""Why a purchase was made, kept with it and told to its owner (R32)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from brimful.domain.cover import Cover, CoverTables, choose_cover
from brimful.domain.money import format_money
from brimful.domain.planning import Buy, Buyer, Offer

Operation = tuple[str, str, int, int]  # id, kind, credits, chatbots


def explain_purchase(
    *,
    buyer: Buyer,
    buy: Buy,
    offer: Offer,
    tables: CoverTables | None,
    trigger: str,
    operations: Sequence[Operation],
    available_credits: int,
    available_chatbots: int,
    names: Mapping[str, str],
    at: datetime,
    ahead: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The explanation of a decision to buy, as plain values that can be stored and shown.

    ``operations`` are all that wait, ``available_*`` what was in the pool for them, ``names`` the
    packages' names by id, ``ahead`` the figures of a purchase for which nothing waits (R33).
    """
    short_credits = sum(served.short_credits for served in buy.served)
    short_chatbots = sum(served.short_chatbots for served in buy.served)
    return {
        "trigger": trigger,
        "operations": [
            {"id": key, "kind": kind, "credits": credits, "chatbots": chatbots}
            for key, kind, credits, chatbots in operations[:50]
        ],
        "operations_count": len(operations),
        "need": {
            "credits": sum(op[2] for op in operations),
            "chatbots": sum(op[3] for op in operations),
        },
        "available": {"credits": available_credits, "chatbots": available_chatbots},
        "shortage": {"credits": short_credits, "chatbots": short_chatbots},
        "considered": _considered(buyer, tables, short_credits, names),
        "strategy": buyer.strategy,
        "caps": _caps(buyer, buy),
        "decision": [
            {
                "kind": line.kind,
                "package": names.get(line.package_id, line.package_id),
                "quantity": line.quantity,
                "credits": line.credits,
                "chatbots": line.chatbots,
                "amount_minor": line.amount_minor,
            }
            for line in buy.lines
        ],
        "amount_minor": buy.amount_minor,
        "currency": buy.currency,
        "catalogue_version": offer.version,
        "planned_at": at.isoformat(),
        **({} if ahead is None else {"ahead": dict(ahead)}),
    }


def _considered(
    buyer: Buyer, tables: CoverTables | None, need: int, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The best cover, the cheapest single pack, and so many of each pack alone, with their prices."""
    if tables is None or need < 1:
        return []
    chosen = choose_cover(tables, need, buyer.strategy)
    ways: list[tuple[str, Cover | None]] = [
        ("best_cover", tables.best(need)),
        ("single_pack", tables.best_single(need)),
    ]
    for index, pack in enumerate(tables.packs):
        count = -(-need // pack.credits)
        counts = tuple(count if i == index else 0 for i in range(len(tables.packs)))
        ways.append(
            (
                "only_this_pack",
                Cover(
                    counts=counts,
                    credits=pack.credits * count,
                    price_minor=pack.price_minor * count,
                ),
            )
        )
    # Several ways may come to the same packages; the one that the owner's strategy names is chosen.
    same = [way for way, cover in ways if cover is not None and cover == chosen]
    named = buyer.strategy if buyer.strategy in same else same[0] if same else None
    return [
        {
            "way": way,
            "packages": [
                {"package": names.get(pack.package_id, pack.package_id), "quantity": count}
                for pack, count in zip(tables.packs, cover.counts, strict=True)
                if count
            ],
            "credits": cover.credits,
            "amount_minor": cover.price_minor,
            "chosen": way == named and cover == chosen,
        }
        for way, cover in ways
        if cover is not None
    ]


def _caps(buyer: Buyer, buy: Buy) -> dict[str, Any]:
    limits, spent, amount_minor = buyer.limits, buyer.spent, buy.amount_minor
    return {
        "per_charge": {"limit_minor": limits.per_charge_minor, "amount_minor": amount_minor},
        "per_hour": {"limit_count": limits.per_hour_count, "count_before": spent.hour_count},
        "per_day": {
            "limit_minor": limits.per_day_minor,
            "before_minor": spent.day_minor,
            "after_minor": spent.day_minor + amount_minor,
        },
        "per_month": {
            "limit_minor": limits.per_month_minor,
            "before_minor": spent.month_minor,
            "after_minor": spent.month_minor + amount_minor,
        },
        "per_child": _child_caps(buyer, buy),
    }


def _child_caps(buyer: Buyer, buy: Buy) -> list[dict[str, Any]]:
    """The children served that have a limit of their own, in arrival order (R28)."""
    cost: dict[str, int] = {}
    for served in buy.served:
        if served.child_id is not None and served.child_id in buyer.child_limits:
            cost[served.child_id] = cost.get(served.child_id, 0) + served.allocated_minor
    before = buyer.spent.child_month_minor
    return [
        {
            "child_id": child,
            "limit_minor": buyer.child_limits[child],
            "before_minor": before.get(child, 0),
            "after_minor": before.get(child, 0) + amount,
        }
        for child, amount in cost.items()
    ]


def sentences(explanation: Mapping[str, Any]) -> list[str]:
    """The explanation in plain English, a line each."""
    currency = str(explanation["currency"])
    need, short = explanation["need"], explanation["shortage"]
    told = [
        _ahead(explanation["trigger"], explanation["ahead"])
        if "ahead" in explanation
        else f"{explanation['operations_count']} operation(s) needed {_amounts(need)}; "
        f"the pool had {_amounts(explanation['available'])}; {_amounts(short)} were missing."
    ]
    for way in explanation["considered"]:
        packs = " + ".join(f"{p['quantity']} × {p['package']}" for p in way["packages"])
        mark = "chosen" if way["chosen"] else "not chosen"
        price = format_money(way["amount_minor"], currency)
        told.append(f"  {way['way'].replace('_', ' ')}: {packs} for {price} ({mark})")
    bought = " + ".join(
        f"{line['quantity']} × {line['package']}" for line in explanation["decision"]
    )
    total = format_money(explanation["amount_minor"], currency)
    balances = explanation.get("balances")
    verb = "Bought" if balances else "Chosen:"
    told.append(f"{verb} {bought}: {total} in one charge.")
    if explanation.get("card", {}).get("role") == "backup":
        told.append(
            f"The primary card may not be charged, so it was {explanation['card']['card']}."
        )
    if balances:
        told.append(
            f"Credits in the pool: {balances['before']:,} → {balances['granted']:,} "
            f"→ {balances['after']:,}."
        )
    return told


def _ahead(trigger: str, figures: Mapping[str, int]) -> str:
    """Why something was bought for which nothing waited (R33)."""
    if trigger == "overdraft":
        return f"{-figures['free']:,} credits were used beyond what the pool had, as its seller allows."
    free = f"The pool had {figures['free']:,} credits free"
    if trigger == "threshold":
        return (
            f"{free}, fewer than the threshold of {figures['threshold']:,}; "
            f"{figures['target'] - figures['free']:,} were missing to the target of "
            f"{figures['target']:,}."
        )
    return (
        f"{free}, and {figures['needed']:,} may be used before the next look: "
        f"{figures['needed'] - figures['free']:,} were missing."
    )


def _amounts(both: Mapping[str, int]) -> str:
    parts = [f"{both['credits']:,} credits"] if both["credits"] or not both["chatbots"] else []
    if both["chatbots"]:
        parts.append(f"{both['chatbots']:,} chatbots")
    return " and ".join(parts)
