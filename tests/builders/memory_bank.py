"""A testbank without a process and a network between, for whoever does more than the network could."""

import asyncio
from typing import Any

from brimful.db.transaction import assert_no_transaction
from brimful.gateways.testbank.adapter import Testbank
from brimful_testbank.bank import Bank, Refused

Object = dict[str, Any]


class MemoryJournal:
    """What happened, in a list, and the answers kept for keys."""

    def __init__(self) -> None:
        self.effects: list[Object] = []
        self.replies: dict[tuple[str, str], tuple[int, Object]] = {}

    def load(self, kind: str) -> dict[str, Object]:
        """Nothing yet."""
        return {}

    def write(self, kind: str, body: Object, effect: Object | None, reply: object) -> None:
        """Note what happened."""
        if effect is not None:
            self.effects.append(effect)


class MemoryTestbank(Testbank):
    """The adapter to testbank with the bank itself in the place of its client."""

    def __init__(self) -> None:
        super().__init__("http://unused")
        self.journal = MemoryJournal()
        self.bank = Bank(self.journal)  # type: ignore[arg-type]

    async def _call(
        self, method: str, path: str, account_ref: str, key: str | None, wish: Any
    ) -> tuple[int, Any]:
        assert_no_transaction()
        # A reply never comes in the same turn of the loop.
        await asyncio.sleep(0)
        kept = self.journal.replies.get((account_ref, key)) if key else None
        if kept is None:
            try:
                kept = 200, dict(self._do(method, path.strip("/").split("/"), account_ref, wish))
            except Refused as refused:
                kept = refused.status, {"code": refused.code}
            if key:
                self.journal.replies[account_ref, key] = kept
        return kept

    def _do(self, method: str, path: list[str], merchant: str, wish: Any) -> Object:
        match path:
            case ["payments"]:
                return self.bank.create(merchant, wish)
            case ["payments", payment_id]:
                return self.bank.payment(merchant, payment_id)
            case ["payments", payment_id, "confirm"]:
                return self.bank.confirm(merchant, payment_id)
            case ["payments", payment_id, "capture"]:
                return self.bank.capture(merchant, payment_id, int(wish["amount"]))
            case ["payments", payment_id, "cancel"]:
                return self.bank.cancel(merchant, payment_id)
            case ["methods"]:
                return self.bank.save_method(merchant, wish["customer"], wish["token"])
            case ["methods", method_id] if method == "DELETE":
                return self.bank.remove_method(merchant, method_id)
        raise Refused(404, "no_such_path", "/".join(path))
