"""R42: the certificate must be that of the name, though the vetted address is what is connected to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from brimful.domain.webhook import Answered, NotReached
from brimful.effects.http_post import Poster
from tests.builders.hooks import Receiver

# Of hooks.example.test, made for this test alone, good for a hundred years.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzqhYPCK1HU4j682W
+B2dbh265N+B+r6BaP/uaLqCQDGhRANCAARarIKJfAmFZ0E3QazmUQvjN0QvbJxj
YQF9O2Gj4qCiJLG4c/UsBvxUCVm6UfV9PcP17bqv2z2+gAxzJC8+cAPH
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBsDCCAVagAwIBAgIUcRUQfLEH9xKxc/lbN+lACPzmlD8wCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSaG9va3MuZXhhbXBsZS50ZXN0MCAXDTI2MTEyNjA5MjA0NloY
DzIxMjYxMTAyMDkyMDQ2WjAdMRswGQYDVQQDDBJob29rcy5leGFtcGxlLnRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARarIKJfAmFZ0E3QazmUQvjN0QvbJxj
YQF9O2Gj4qCiJLG4c/UsBvxUCVm6UfV9PcP17bqv2z2+gAxzJC8+cAPHo3IwcDAd
BgNVHQ4EFgQUjzu/0Hdpm1LQwtv7NbCs4kYt9s8wHwYDVR0jBBgwFoAUjzu/0Hdp
m1LQwtv7NbCs4kYt9s8wDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJob29r
cy5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIgTaNAznCr1ku4YE1N/CvW
ytyrdtd8l17cOvhRF05IFRkCIQC6RG0ToIjBPBjLDVE1teB2JDqSolKthMhnTjjF
CmhNBw==
-----END CERTIFICATE-----
"""


async def at_home(host: str, port: int) -> Sequence[str]:
    """Every name leads to this machine."""
    return ["127.0.0.1"]


@contextlib.asynccontextmanager
async def receiving_by_tls(folder: Path) -> AsyncIterator[tuple[Receiver, int, list[str | None]]]:
    """A receiver behind TLS, its port, and the names that it was asked for."""
    pem = folder / "server.pem"
    pem.write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    try:
        yield receiver, server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    """It trusts this one certificate."""
    made = Poster(
        production=False, find=at_home, trust=ssl.create_default_context(cadata=CERTIFICATE)
    )
    yield made
    await made.close()


async def test_r42_the_name_is_kept_for_the_certificate_and_the_host(
    tmp_path: Path, poster: Poster
) -> None:
    """Connected to by its vetted address, asked for by its name."""
    async with receiving_by_tls(tmp_path) as (receiver, port, asked):
        answer = await poster.post(f"https://hooks.example.test:{port}/in", {}, b"{}")
    assert answer == Answered(204)
    assert asked == ["hooks.example.test"]
    assert receiver.got[0].headers["host"] == f"hooks.example.test:{port}"


async def test_r42_a_certificate_of_another_name_or_of_nobody_is_refused(
    tmp_path: Path, poster: Poster
) -> None:
    """Nothing of the notice leaves, whether the name is another's or the issuer unknown."""
    stranger = Poster(production=False, find=at_home)
    async with receiving_by_tls(tmp_path) as (receiver, port, _):
        other = await poster.post(f"https://other.example.test:{port}/in", {}, b"{}")
        unknown = await stranger.post(f"https://hooks.example.test:{port}/in", {}, b"{}")
    await stranger.close()
    assert (other, unknown) == (NotReached("tls_failed"), NotReached("tls_failed"))
    assert receiver.got == []
