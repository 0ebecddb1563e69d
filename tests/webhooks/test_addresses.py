"""R42: where webhooks may go. Whatever a URL or a name says, only machines of the public internet are
called in production; outside it this machine, too."""

import socket
from collections.abc import Sequence

import pytest

from brimful.domain.webhook import Answered, NotReached
from brimful.effects.http_post import Poster
from brimful.effects.lookups import look_up
from brimful.notices.address import may_connect, read_url
from tests.builders.held import SOON_S
from tests.builders.hooks import receiving

# What an attacker would like to have called, as it stands in a URL or behind a name.
CLOSED = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1",
    "100.127.255.255", "100.100.100.200", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
    "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1",
    "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::1", "3fff::1", "100::1", "not an address", "",
]  # fmt: skip
OPEN = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
BAD_URLS = [
    "", "example.com", "//example.com/x", "ftp://example.com/", "file:///etc/passwd", "gopher://x/",
    "http://example.com/", "http://example.com:443/", "https://", "https:///x", "https://:443/",
    "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/",
    "https://user@example.com/", "https://user:secret@example.com/", "https://example.com/#part",
    "https://exa mple.com/", "https://example.com/\r\nx: y", "https://example.com/\t",
    "https://ex\u00e4mple.com/", "https://[::1/", "https://example.com/" + "x" * 500,
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/",
    "https://10.0.0.1:8443/x", "http://127.0.0.1/", "http://localhost/",
]  # fmt: skip
HTTPS = read_url("https://hooks.example.com/in?a=b", production=True)


@pytest.mark.parametrize("address", CLOSED)
def test_r42_what_is_not_public_is_never_called_in_production(address: str) -> None:
    """Neither alone nor beside a good one."""
    assert not may_connect(HTTPS, [address], production=True)
    assert not may_connect(HTTPS, ["8.8.8.8", address], production=True)


@pytest.mark.parametrize("address", OPEN)
def test_r42_what_is_public_may_be_called_by_https_alone(address: str) -> None:
    """In production and outside it."""
    at_home = read_url("http://localhost/", production=False)
    for production in (True, False):
        assert may_connect(HTTPS, [address], production=production)
        assert not may_connect(at_home, [address], production=production)


@pytest.mark.parametrize("address", CLOSED)
def test_r42_outside_production_only_this_machine_is_open_besides(address: str) -> None:
    """Loopback, by http and https; private networks stay closed."""
    allowed = address == "::1" or address.startswith("127.")
    at_home = read_url("http://localhost/", production=False)
    for place in (HTTPS, at_home):
        assert may_connect(place, [address], production=False) is allowed


def test_r42_a_name_that_leads_nowhere_is_not_called() -> None:
    """No address, no call."""
    assert not may_connect(HTTPS, [], production=False)


@pytest.mark.parametrize("url", BAD_URLS)
def test_r42_bad_urls_are_refused_in_words(url: str) -> None:
    """In production; the words say what is expected, and do not repeat the URL."""
    with pytest.raises(ValueError, match=r"URL|https|address") as told:
        read_url(url, production=True)
    assert len(url) < 20 or url not in str(told.value)


def test_r42_a_url_is_sent_to_as_it_was_given() -> None:
    """Path, query and port are kept; the Host header names a port that is not the usual one."""
    assert (HTTPS.host, HTTPS.port, HTTPS.target) == ("hooks.example.com", 443, "/in?a=b")
    assert HTTPS.authority == "hooks.example.com"
    assert read_url("https://EXAMPLE.com:8443", production=True).authority == "example.com:8443"
    at_home = read_url("http://[::1]:80/x", production=False)
    assert (at_home.authority, at_home.target) == ("[::1]", "/x")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost"])
async def test_r42_other_ways_to_write_this_machine_are_seen_through(host: str) -> None:
    """What the resolver makes of them is vetted, not what they look like."""
    poster = Poster(production=True)
    assert await poster.post(f"https://{host}/", {}, b"") == NotReached("address_not_allowed")


class Rebinding:
    """A name server that leads elsewhere each time it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The next answer; none when there is none left."""
        self.asked += 1
        if not self.answers:
            raise socket.gaierror("unknown")
        return self.answers.pop(0)


async def test_r42_a_name_is_asked_for_once_and_what_was_vetted_is_called() -> None:
    """A name that is public when vetted and private when connected to gains nothing: it is not asked
    for a second time. Here this machine passes the vetting, and the name would lead to another."""
    async with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        names = Rebinding(["127.0.0.1"], ["169.254.169.254"])
        poster = Poster(production=False, find=names)
        url = f"http://localhost:{port}/hook"
        assert await poster.post(url, {"x": "y"}, b"{}") == Answered(204)
        assert names.asked == 1
        assert receiver.got[0].headers["host"] == f"localhost:{port}"
        # The next time it is asked anew, and vetted anew.
        assert await poster.post(url, {}, b"{}") == NotReached("address_not_allowed")
        assert await poster.post(url, {}, b"{}") == NotReached("no_such_host")
        assert len(receiver.got) == 1
        await poster.close()


async def test_r42_this_machine_is_not_called_in_production() -> None:
    """Neither by its address, nor by a name that leads there."""
    async with receiving() as receiver:
        poster = Poster(production=True, find=Rebinding(["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]))
        by_name = f"https://hooks.example.com:{receiver.url.split(':')[2].split('/')[0]}/"
        assert await poster.post(receiver.url, {}, b"") == NotReached("url_not_allowed")
        assert await poster.post(by_name, {}, b"") == NotReached("address_not_allowed")
        assert await poster.post(by_name, {}, b"") == NotReached("address_not_allowed")
        assert receiver.got == []


async def test_r42_a_receiver_has_so_long_and_its_words_are_not_read() -> None:
    """Silence, a head that drips, and a body without end: each ends in time."""
    async with receiving() as receiver:
        poster = Poster(production=False, timeout_s=SOON_S)
        receiver.answers += [b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000]
        assert await poster.post(receiver.url, {}, b"") == NotReached("no_answer")
        receiver.answers += [b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 1_000_000]
        assert await poster.post(receiver.url, {}, b"") == Answered(200)
        await poster.close()
        impatient = Poster(production=False, timeout_s=0.3)
        receiver.answers += [None]
        assert await impatient.post(receiver.url, {}, b"") == NotReached("timeout")
        await impatient.close()


async def test_r42_without_a_listener_there_is_no_answer() -> None:
    """The connection is refused; so is a name that is none."""
    poster = Poster(production=False)
    assert await poster.post("http://127.0.0.1:9/", {}, b"") == NotReached("connection_failed")
    assert list(look_up("127.0.0.1", 80)) == ["127.0.0.1"]
    await poster.close()
