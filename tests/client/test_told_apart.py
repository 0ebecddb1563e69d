"""R39: what an answer with an error says of whether anything was done."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from brimful.api.problem import Problem, body_of, of_exception, refused
from brimful.client import Api, Refused, Unreachable
from brimful.db.address import DatabaseGone, TakesNothing, TookTooLong
from brimful.domain.reason import Reason, Refuse
from brimful.effects.gatherer import Overloaded

KEY = "one"


@contextmanager
def answering(status: int, said: bytes) -> Iterator[Api]:
    """An API that gives one answer to whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *told: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Api(url=f"http://127.0.0.1:{server.server_port}", key="brm_none")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("gone", [DatabaseGone, TookTooLong, TakesNothing])
def test_r39_a_database_that_went_away_is_no_refusal(gone: type[Exception]) -> None:
    """It may have kept what it was told: the code is one of no reason, and says to send it again."""
    code = of_exception(gone("away")).code
    assert code == "try_again" and code not in list(Reason)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (503, b'{"code": "try_again", "detail": "The database cannot be reached."}'),
        (500, b'{"code": "internal_error", "detail": "Something went wrong on our side."}'),
        (502, b'{"message": "An invalid response was received from the upstream server"}'),
        (504, b'"upstream request timeout"'),
        (503, b"[]"),
        (404, b'{"message": "no Route matched with those values"}'),
        (201, b"[]"),
    ],
)
def test_r39_what_may_have_been_done_is_to_be_sent_again(status: int, said: bytes) -> None:
    """A fault of ours, a database that went away, a proxy that answers instead: under the same key."""
    with answering(status, said) as api, pytest.raises(Unreachable) as unknown:
        api.post("/v1/accounts/acc_0/leases", {"credits": 1}, KEY)
    assert unknown.value.idempotency_key == KEY


@pytest.mark.parametrize(
    "problem",
    [
        of_exception(Overloaded()),
        *(refused(Refuse(reason=reason, account_id="", detail={})) for reason in Reason),
    ],
    ids=lambda problem: problem.code,
)
def test_r39_what_did_nothing_is_a_refusal(problem: Problem) -> None:
    """Whatever its status: its code says so."""
    said = msgspec.json.encode(body_of(problem))
    with answering(problem.status, said) as api, pytest.raises(Refused) as no:
        api.post("/v1/accounts/acc_0/leases", {"credits": 1}, KEY)
    told = (no.value.status, no.value.code, no.value.idempotency_key)
    assert told == (problem.status, problem.code, KEY)
