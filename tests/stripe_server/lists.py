"""Lists, with cursors, and `expand`."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.stripe_server.errors import invalid
from tests.stripe_server.state import Call, Obj, present


def page(call: Call, url: str, rows: Iterable[Obj]) -> Obj:
    """One page of rows that come newest first, by `limit`, `starting_after`, `ending_before`."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("This value must be between 1 and 100 (inclusive).", param="limit")
    created = call.params.get("created")
    found = [row for row in rows if _created(row["created"], created)]
    ids = [row["id"] for row in found]
    if after := call.params.get("starting_after"):
        if after not in ids:
            raise invalid(
                f"No such object: '{after}'", code="resource_missing", param="starting_after"
            )
        found = found[ids.index(after) + 1 :]
    if before := call.params.get("ending_before"):
        if before not in ids:
            raise invalid(
                f"No such object: '{before}'", code="resource_missing", param="ending_before"
            )
        found = found[: ids.index(before)]
        shown, more = found[-limit:], len(found) > limit
    else:
        shown, more = found[:limit], len(found) > limit
    return {"object": "list", "url": url, "has_more": more, "data": shown}


def _created(created: int, wanted: Any) -> bool:
    """Whether a time fits `created` (a second) or `created[gte]` and the like."""
    if wanted is None:
        return True
    if not isinstance(wanted, dict):
        return created == int(wanted)
    compare: dict[str, Callable[[int, int], bool]] = {
        "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
    }  # fmt: skip
    return all(compare[name](created, int(bound)) for name, bound in wanted.items())


def expanded(call: Call, answer: Obj) -> Obj:
    """The answer as the world sees it, with what `expand` asks for put in its place."""
    shown: Obj = present(answer)
    for path in call.params.get("expand", []):
        parts = path.split(".")
        rows = [shown]
        if parts[0] == "data" and shown["object"] == "list":
            rows, parts = shown["data"], parts[1:]
        for row in rows:
            _expand(call, row, parts, path)
    return shown


def _expand(call: Call, row: Any, parts: list[str], path: str) -> None:
    if not isinstance(row, dict):
        return
    name, rest = parts[0], parts[1:]
    if row.get("object") == "charge" and name == "refunds":
        rows = [present(r) for r in call.book.of("refund") if r["charge"] == row["id"]]
        row["refunds"] = {
            "object": "list", "url": f"/v1/charges/{row['id']}/refunds",
            "has_more": False, "data": rows,
        }  # fmt: skip
    elif name not in row:
        raise invalid(f"This property cannot be expanded ({path}).", param="expand")
    elif isinstance(row[name], str):
        if row[name] not in call.book.objects:
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        row[name] = present(call.book.objects[row[name]])
    if rest:
        _expand(call, row[name], rest, path)
