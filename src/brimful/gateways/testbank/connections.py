"""Merchants at testbank: whether one still answers to the platform."""

from brimful.domain.disconnection import AccountOutcome, Connected, Disconnected
from brimful.domain.payment import DISCONNECTED, Unknown, Unreachable
from brimful.gateways.testbank.replies import Asks, code_of


class Connecting(Asks):
    """The reading of an account; see the port."""

    async def read_account(self, *, account_ref: str) -> AccountOutcome:
        """A merchant, as it stands now."""
        reply = await self._call("GET", "/merchant", account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status == 200:
            return Connected()
        code = code_of(body)
        return Disconnected() if code == DISCONNECTED else Unknown(why=code)
