"""Customers."""

from tests.stripe_server import methods
from tests.stripe_server.lists import page
from tests.stripe_server.state import Call, Obj, merge_metadata

PLAIN = (
    "address",
    "description",
    "email",
    "name",
    "phone",
    "shipping",
    "preferred_locales",
    "tax_exempt",
)


def create(call: Call) -> Obj:
    """A new customer, perhaps with a card."""
    wish = call.params
    merge_metadata({}, wish.get("metadata"))
    method = None
    if "payment_method" in wish:
        method = methods.named(call, wish["payment_method"])
        methods.may_attach(call, method, None)
    made = call.new("customer", "cus_", **_blank(call))
    _change(made, wish)
    if method is not None:
        methods.attach_to(call, method, made["id"])
    call.event("customer.created", made)
    return made


def _blank(call: Call) -> Obj:
    return {
        "address": None, "balance": 0, "currency": None, "default_source": None,
        "delinquent": False, "description": None, "discount": None, "email": None,
        "invoice_prefix": call.state.new_id("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": None, "footer": None,
            "rendering_options": None,
        },
        "metadata": {}, "name": None, "next_invoice_sequence": 1, "phone": None,
        "preferred_locales": [], "shipping": None, "tax_exempt": "none", "test_clock": None,
    }  # fmt: skip


def _change(customer: Obj, wish: Obj) -> None:
    customer["metadata"] = merge_metadata(customer["metadata"], wish.get("metadata"))
    for name in PLAIN:
        if name in wish:
            customer[name] = wish[name] or None
    settings = wish.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        customer["invoice_settings"]["default_payment_method"] = (
            settings["default_payment_method"] or None
        )


def retrieve(call: Call) -> Obj:
    """A customer; a deleted one says only that."""
    return call.get("customer", call.ids[0], in_path=True)


def update(call: Call) -> Obj:
    """Change what is given."""
    customer = call.customer(call.ids[0], "id", in_path=True)
    _change(customer, call.params)
    call.event("customer.updated", customer)
    return customer


def delete(call: Call) -> Obj:
    """Delete for good, with its cards."""
    customer = call.customer(call.ids[0], "id", in_path=True)
    for method in list(call.book.of("payment_method")):
        if method["customer"] == customer["id"]:
            methods.detach_from(call, method)
    call.event("customer.deleted", customer)
    id = customer["id"]
    customer.clear()
    customer |= {"id": id, "object": "customer", "deleted": True, "created": call.now}
    return {"id": id, "object": "customer", "deleted": True}


def list_all(call: Call) -> Obj:
    """Customers that are not deleted."""
    email = call.params.get("email")
    return page(
        call,
        "/v1/customers",
        (
            customer
            for customer in call.book.of("customer")
            if not customer.get("deleted") and email in (None, customer["email"])
        ),
    )
