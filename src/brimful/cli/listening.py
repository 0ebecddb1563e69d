"""Where the API listens: the port is taken before anything else is begun, announced once it serves."""

import errno
import socket
from collections.abc import Callable

import uvicorn

from brimful.api.spend_protocol import SpendProtocol
from brimful.cli.errors import BadInput

BACKLOG = 4096
# A connection is kept for so long between two requests: longer than clients and what balances load keep
# theirs, a minute as a rule. So it is they who end it, and no request meets a connection that ends.
KEEP_ALIVE_S = 75
# Of stopping, the part that requests and effects under way are waited for, from the signal on.
GRACEFUL_S = 5


# What a machine without an address of that kind, IPv6 mostly, says of it.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def take_port(host: str, port: int, another: str) -> list[socket.socket]:
    """Take a port at every address of a host, not listening yet; ``another`` is how to choose a
    different one. Raises BadInput when it cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        found = []
    taken: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        # Every address of a name gets the port that the first one got.
        place = (address[0], taken[0].getsockname()[1] if taken else port, *address[2:])
        try:
            taken.append(_bound(family, place))
        except OSError as refused:
            if refused.errno in _NOT_HERE:
                continue
            close(taken)
            raise BadInput(_why(host, port, refused, another)) from None
    if not taken:
        raise BadInput(f"{host} is not an address or name of this machine")
    return taken


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    # Told its protocol, for then every connection sends at once what it is given (TCP_NODELAY). A
    # body would wait otherwise, 40 ms and more, until the other side confirms the head before it.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _why(host: str, port: int, refused: OSError, another: str) -> str:
    if refused.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; choose another with {another}"
    return f"port {port} of {host} cannot be had: {(refused.strerror or '').lower()}"


def close(sockets: list[socket.socket]) -> None:
    """Give a port back."""
    for taken in sockets:
        taken.close()


def url_of(host: str, sockets: list[socket.socket]) -> str:
    """The address to reach it at from this machine."""
    port = sockets[0].getsockname()[1]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is compared
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


class _Server(uvicorn.Server):
    """Says when it listens, and when it is told to stop."""

    def __init__(
        self, config: uvicorn.Config, listens: Callable[[], None], ends: Callable[[float], None]
    ) -> None:
        super().__init__(config)
        self._listens, self._ends = listens, ends

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets=sockets)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it ends before requests under way are waited for: those that wait themselves would
        be cut off when that time is over, with nothing said."""
        self._ends(GRACEFUL_S)
        await super().shutdown(sockets=sockets)


def config_of(app: object, log_level: str = "warning") -> uvicorn.Config:
    """How an app is served."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=SpendProtocol,
        log_level=log_level,
        access_log=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


async def run_server(
    app: object,
    sockets: list[socket.socket],
    listens: Callable[[], None],
    ends: Callable[[float], None],
) -> None:
    """Serve an app on a taken port until SIGINT or SIGTERM; ``listens`` is called once it does, and
    ``ends`` as soon as it is told to stop, with the seconds that what is under way has."""
    config = config_of(app)
    config.timeout_graceful_shutdown = GRACEFUL_S
    await _Server(config, listens, ends).serve(sockets=sockets)
