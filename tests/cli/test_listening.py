"""The port of the API: taken at every address of a host, refused when somebody has it."""

import socket

import pytest

from brimful.cli.errors import BadInput
from brimful.cli.listening import close, take_port, url_of
from tests.builders.sockets import sends_at_once
from tests.cli.commands import taken_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_free_port_is_the_same_at_every_address(host: str) -> None:
    """And the address that is told reaches it."""
    sockets = take_port(host, 0, "--port")
    [port] = {taken.getsockname()[1] for taken in sockets}
    assert url_of(host, sockets) == f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{port}"
    for taken in sockets:
        taken.listen()
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    close(sockets)


def test_an_address_of_the_newer_kind_is_written_in_brackets() -> None:
    """And every address of this machine as the one to reach it at."""
    sockets = take_port("127.0.0.1", 0, "--port")
    port = sockets[0].getsockname()[1]
    assert url_of("::1", sockets) == url_of("::", sockets) == f"http://[::1]:{port}"
    close(sockets)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_refused(host: str) -> None:
    """How to choose another is said."""
    with taken_port() as port, pytest.raises(BadInput, match=rf"{port} .* in use; .* with THAT$"):
        take_port(host, port, "THAT")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_a_host_that_is_not_here_is_refused(host: str) -> None:
    """An address of a range that no machine has, a name that nobody has."""
    with pytest.raises(BadInput, match="is not an address or name of this machine"):
        take_port(host, 0, "--port")


async def test_an_answer_is_sent_at_once() -> None:
    """Its body does not wait until the caller confirms its head."""
    [taken] = take_port("127.0.0.1", 0, "--port")
    assert await sends_at_once(taken)
