"""Calls of the API by the standard library alone."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 70.0
# Codes of refusals with a status of 500 or more: what was asked for was not done.
NOTHING_DONE = ("overloaded", "temporarily_unavailable", "gateway_unavailable")


class Refused(Exception):
    """The API said no, or not yet, and what was asked for was not done: ``status``, a stable ``code`` and a
    sentence for people.

    ``idempotency_key``: the key under which what is not there yet is to be sent again.
    """

    def __init__(self, status: int, code: str, detail: str, idempotency_key: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.idempotency_key = idempotency_key


class Unreachable(Exception):
    """Whether it was done is not known: no answer came, or one of a fault, of a database that went away
    (``try_again``) or of a proxy. Everything here may be sent again: it has one effect.

    ``idempotency_key``: what was to be made is to be sent again under this key, lest it be made twice.
    """

    def __init__(self, told: str, idempotency_key: str = "") -> None:
        super().__init__(told)
        self.idempotency_key = idempotency_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where the API is, and the key that speaks for the caller. Holds no connection open, so any
    thread or process may use it."""

    url: str
    key: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    def post(self, path: str, body: dict[str, Any], idempotency_key: str = "") -> dict[str, Any]:
        """Send a command and return what it made. Raises Refused, also for 202 (its code says what is
        still to come), and Unreachable."""
        where = urlsplit(self.url)
        kind = (
            http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(where.hostname or "", where.port, timeout=self.timeout_s)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        try:
            connection.request("POST", where.path.rstrip("/") + path, json.dumps(body), headers)
            answer = connection.getresponse()
            status, said = answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as problem:
            told = f"no answer of {where.netloc}: {problem!r}"
            raise Unreachable(told, idempotency_key) from problem
        finally:
            connection.close()
        if not _is_told(status, said):
            told = f"{where.netloc} does not say whether it was done: {status} {str(said)[:300]}"
            raise Unreachable(told, idempotency_key)
        if status == 202:
            later = "Send it again in a moment."
            raise Refused(status, str(said.get("reason")), later, idempotency_key)
        if status >= 300:
            refused = str(said["code"]), str(said.get("detail"))
            raise Refused(status, *refused, idempotency_key)
        made: dict[str, Any] = said
        return made


def _is_told(status: int, said: Any) -> bool:
    """Whether an answer is the API's, and says what was done or that nothing was."""
    if not isinstance(said, dict):
        return False
    if status < 300:
        return True
    return "code" in said and (status < 500 or said["code"] in NOTHING_DONE)
