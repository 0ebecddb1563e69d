"""Derive `shapes.json` from Stripe's public description (github.com/stripe/openapi, MIT licence).

Run: python -m tests.stripe_server.data.make_shapes FOLDER
where FOLDER holds `fixtures3.json` and `spec3-2023-09-12.yaml`. For each object that the server
answers it keeps the JSON types of the fixture's fields, nested, and which fields are required: those
of the description that the newer fixture still has.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

OBJECTS = (
    "account", "account_link", "charge", "checkout.session", "customer", "dispute", "event",
    "payment_intent", "payment_method", "refund", "setup_intent", "webhook_endpoint",
)  # fmt: skip
SHAPES = Path(__file__).with_name("shapes.json")
NAMES = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array",
    type(None): "null",
}  # fmt: skip


def kind(value: Any) -> Any:
    """The JSON type of a value; an object is a mapping of its fields to their types."""
    if isinstance(value, dict):
        return {name: kind(inner) for name, inner in value.items()}
    return NAMES[type(value)]


def nullable(schema: dict[str, Any]) -> list[str]:
    """The fields that the description lets be null."""
    fields = schema.get("properties", {})
    return sorted(name for name, inner in fields.items() if inner.get("nullable"))


def main(folder: Path) -> None:
    """Write the shapes."""
    fixtures = json.loads((folder / "fixtures3.json").read_text())["resources"]
    text = (folder / "spec3-2023-09-12.yaml").read_text()
    schemas = yaml.load(text, Loader=yaml.CSafeLoader)["components"]["schemas"]
    shapes = {}
    for name in OBJECTS:
        schema = schemas[name]
        required = sorted(set(schema.get("required", [])) & set(fixtures[name]))
        shapes[name] = {
            "required": required,
            "not_null": sorted(set(required) - set(nullable(schema))),
            "fields": kind(fixtures[name]),
        }
    shapes["event"]["fields"]["data"] = {}
    SHAPES.write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
