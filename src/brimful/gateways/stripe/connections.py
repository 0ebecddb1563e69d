"""What becomes of accounts and cards at Stripe: whether one still answers to the platform, and what a
saved card is now."""

from brimful.domain.disconnection import (
    AccountOutcome,
    Connected,
    Disconnected,
    MethodReading,
)
from brimful.domain.payment import DISCONNECTED, Unknown, Unreachable
from brimful.gateways.stripe.calls import PLATFORM, Calls, Wrong, is_missing
from brimful.gateways.stripe.methods import read_method


class Connecting:
    """The readings; see the port."""

    _calls: Calls

    async def read_account(self, *, account_ref: str) -> AccountOutcome:
        """An account as the platform sees it. One that was taken back from it is refused (403)."""
        calls = self._calls
        answer = await calls.ask(
            lambda: calls.sdk.accounts.retrieve_async(account_ref, {}, calls.options(PLATFORM))
        )
        if isinstance(answer, Unknown | Unreachable):
            return answer
        if isinstance(answer, Wrong):
            if answer.code == DISCONNECTED or is_missing(answer):
                return Disconnected()
            return Unknown(why=answer.code)
        if answer.body.get("object") != "account":
            return Unknown(why="unreadable reply")
        return Disconnected() if answer.body.get("deleted") else Connected()

    async def read_method(self, *, account_ref: str, method_id: str) -> MethodReading:
        """A payment method, as the account that it was saved under has it."""
        return await read_method(self._calls, account_ref=account_ref, method_id=method_id)
