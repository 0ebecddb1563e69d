"""What the server remembers: books of objects per account and mode, ids, time, things due."""

import heapq
import itertools
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.stripe_server.cards import Card, Decline
from tests.stripe_server.errors import invalid, missing
from tests.stripe_server.journal import Journal, Line, Movement

Obj = dict[str, Any]
PLATFORM = "acct_1Platform00000000"
API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits


class Given(Obj):
    """The parameters of a request, which remember what was looked at.

    So that a parameter that the real Stripe knows and this server does not is never passed over in
    silence: `unread` are those, and a request that has some fails loudly.
    """

    def __init__(self, given: Obj) -> None:
        super().__init__(given)
        self.unread = set(given)

    def __getitem__(self, name: str) -> Any:
        self.unread.discard(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.unread.discard(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value, if given."""
        self.unread.discard(name)
        return super().get(name, default)

    def whole(self) -> Obj:
        """All of it, for a verb that keeps what it is told."""
        self.unread.clear()
        return dict(self)


@dataclass(slots=True)
class Book:
    """The objects of one account in one mode; nobody else sees them."""

    account: str
    livemode: bool
    objects: dict[str, Obj] = field(default_factory=dict)
    kinds: dict[str, dict[str, Obj]] = field(default_factory=dict)

    def add(self, made: Obj) -> None:
        """Keep a new object."""
        self.objects[made["id"]] = made
        self.kinds.setdefault(made["object"], {})[made["id"]] = made

    def remove(self, old: Obj) -> None:
        """Forget an object."""
        del self.objects[old["id"]], self.kinds[old["object"]][old["id"]]

    def of(self, kind: str) -> Iterator[Obj]:
        """All objects of a kind, newest first."""
        return reversed(self.kinds.get(kind, {}).values())


@dataclass(slots=True)
class State:
    """Everything. Changed only by the pure core, which is told the time."""

    seed: int
    now: int = 0
    books: dict[tuple[str, bool], Book] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Obj] = field(default_factory=dict)
    # Accounts that granted access to the platform, and those that took it back.
    connected: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    journal: Journal = field(default_factory=Journal)
    # Every event ever made, with the account it belongs to.
    events: list[tuple[str, Obj]] = field(default_factory=list)
    on_event: Callable[[str, Obj], None] = lambda account, event: None
    # What banks say from now on, by fingerprint, by card number or for all ("*").
    issuer: dict[str, Decline] = field(default_factory=dict)
    confirms_max: int = 20
    expiry_lag_s: int = 900
    dice: random.Random = field(init=False)
    _due: list[tuple[int, int, Callable[[], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def new_id(self, prefix: str, length: int = 24) -> str:
        """A fresh id such as `pi_3Pq...`."""
        return prefix + "".join(self.dice.choices(ALPHABET, k=length))

    def book(self, account: str, livemode: bool) -> Book:
        """The objects of an account in a mode."""
        return self.books.setdefault((account, livemode), Book(account, livemode))

    def at(self, when: int, action: Callable[[], object]) -> None:
        """Do something when that second has come."""
        heapq.heappush(self._due, (when, next(self._order), action))

    def advance(self, now: int) -> None:
        """Let time come to `now`, doing in order what falls due on the way. Never backwards."""
        while self._due and self._due[0][0] <= now:
            when, _, action = heapq.heappop(self._due)
            self.now = max(self.now, when)
            action()
        self.now = max(self.now, now)

    def find(self, id: str) -> tuple[Book, Obj]:
        """An object wherever it is, for the hooks. Raises KeyError."""
        for book in self.books.values():
            if id in book.objects:
                return book, book.objects[id]
        raise KeyError(id)


@dataclass(slots=True)
class Call:
    """One request that is being answered, on the books that it may see."""

    state: State
    book: Book
    params: Obj
    # The objects that the path names, in its order.
    ids: tuple[str, ...] = ()
    request_id: str | None = None
    key: str | None = None
    # The account of the API key, which differs from the book's when `Stripe-Account` is given.
    caller: str = PLATFORM

    @property
    def now(self) -> int:
        """Unix seconds of the virtual clock."""
        return self.state.now

    @property
    def application(self) -> str | None:
        """The Connect application that made the object, when the platform acts for an account."""
        return "ca_Platform" if self.caller != self.book.account else None

    def new(self, kind: str, prefix: str, **values: Any) -> Obj:
        """Put a new object into the books."""
        made = {"id": self.state.new_id(prefix), "object": kind, "created": self.now, **values}
        if kind != "refund":
            made["livemode"] = self.book.livemode
        self.book.add(made)
        return made

    def get(self, kind: str, id: str, param: str = "id", *, in_path: bool = False) -> Obj:
        """An object of these books. Raises StripeError `resource_missing`."""
        found = self.book.objects.get(id)
        if found is None or found["object"] != kind:
            name = kind.replace("_", " ").replace("payment intent", "payment_intent")
            raise missing(_NAMES.get(kind, name), id, param, 404 if in_path else 400)
        return found

    def customer(self, id: str, param: str = "customer", *, in_path: bool = False) -> Obj:
        """A customer that is not deleted. Raises StripeError `resource_missing`."""
        found = self.get("customer", id, param, in_path=in_path)
        if found.get("deleted"):
            raise missing("customer", id, param, 404 if in_path else 400)
        return found

    def event(self, kind: str, about: Obj, previous: Obj | None = None) -> Obj:
        """Tell the world that an object has changed."""
        return emit(self, kind, about, previous)

    def money(self, movement: Movement, amount: int, charge: Obj, cause: str | None = None) -> None:
        """Write a line of the journal; `amount` in minor units, given back is negative."""
        card = charge["payment_method_details"]["card"]
        self.state.journal.lines.append(
            Line(
                at=self.now,
                account=self.book.account,
                livemode=self.book.livemode,
                movement=movement,
                amount_minor=amount,
                currency=charge["currency"],
                payment=charge["payment_intent"],
                charge=charge["id"],
                cause=cause,
                customer=charge["customer"],
                fingerprint=card["fingerprint"],
            )
        )

    def card_of(self, method: Obj) -> Card:
        """The test card behind a PaymentMethod."""
        card: Card = method["_card"]
        return card


_NAMES = {"payment_method": "PaymentMethod", "setup_intent": "setupintent", "checkout.session": "checkout.session"}  # fmt: skip


def emit(call: Call, kind: str, about: Obj, previous: Obj | None = None) -> Obj:
    """Make an Event object with a snapshot of what it is about."""
    event: Obj = {
        "id": call.state.new_id("evt_"),
        "object": "event",
        "api_version": API_VERSION,
        "created": call.now,
        "data": {"object": present(about)},
        "livemode": call.book.livemode,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.key},
        "type": kind,
    }
    if previous:
        event["data"]["previous_attributes"] = previous
    if call.book.account != PLATFORM:
        event["account"] = call.book.account
    call.state.events.append((call.book.account, event))
    call.state.on_event(call.book.account, event)
    return event


def present(value: Any) -> Any:
    """A copy as the world sees it, without what is private (names that begin with `_`)."""
    if isinstance(value, dict):
        return {k: present(v) for k, v in value.items() if not k.startswith("_")}
    if isinstance(value, list):
        return [present(item) for item in value]
    return value


METADATA_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX = 50, 40, 500


def merge_metadata(old: Obj, given: Any) -> Obj:
    """Metadata after a change: an empty value unsets its key, an empty whole unsets all."""
    if given == "":
        return {}
    merged = {**old, **(given or {})}
    merged = {name: value for name, value in merged.items() if value != ""}
    if len(merged) > METADATA_MAX:
        raise invalid("You can only set up to 50 metadata keys.", param="metadata")
    for name, value in merged.items():
        if len(name) > METADATA_KEY_MAX:
            raise invalid("Metadata keys can have up to 40 characters.", param="metadata")
        if len(value) > METADATA_VALUE_MAX:
            raise invalid(
                f"Metadata values can have up to 500 characters, but you passed in a value that is "
                f"{len(value)} characters. Invalid value: {value[:40]}",
                param=f"metadata[{name}]",
            )
    return merged
