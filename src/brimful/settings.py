"""Settings: from the environment, with defaults that are safe and no secret among them."""

import difflib
import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

# The part of RFC 5321 that mail servers take: no quotes, lists, comments or routes.
MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}"
)

# So much alike, from 0 to 1, are a setting and what was meant to be it: a letter or two are wrong.
NEARLY = 0.85


class WrongSettings(ValueError):
    """Settings that cannot be used; the text names each variable and what it takes."""


def _server(text: str, *schemes: str) -> str:
    """An address of a server: scheme, host, perhaps a port. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        raise ValueError("not an address of a server")
    if re.search(r"\s", text) or parts.query or parts.fragment:
        raise ValueError("more than an address of a server")
    return text


def _http(text: str) -> str:
    return _server(text, "http", "https").rstrip("/")


def _stripe_key(text: str) -> str:
    if not re.fullmatch(r"(sk|rk)_(test|live)_[0-9A-Za-z_]{1,200}", text):
        raise ValueError("not a key of Stripe")
    return text


def _signing_secret(text: str) -> str:
    # Another secret, or the endpoint's id: every event would be refused, and nobody would know why.
    if not re.fullmatch(r"whsec_[0-9A-Za-z+/=_-]{1,200}", text):
        raise ValueError("not a signing secret of Stripe")
    return text


def _smtp(text: str) -> str:
    if urlsplit(_server(text, "smtp", "smtps")).path not in ("", "/"):
        raise ValueError("a mail server has no path")
    return text


def _mail_address(text: str) -> str:
    if not MAIL_ADDRESS.fullmatch(text):
        raise ValueError("not a mail address")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_%-]+", text):
        raise ValueError("not a host")
    return text


def _setting(default: Any, *, takes: str, means: str, secret: bool = False, **limits: Any) -> Any:
    """A field: what it takes, with its unit, and what it means, for messages and the README."""
    extra: dict[str, Any] = {"takes": takes, "secret": secret}
    return Field(default, description=means, repr=not secret, json_schema_extra=extra, **limits)


class Settings(BaseSettings):
    """Each is read from BRIMFUL_<NAME>, the database from DATABASE_URL; empty means unset."""

    model_config = SettingsConfigDict(
        env_prefix="BRIMFUL_",
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    database_url: str | None = _setting(
        None,
        validation_alias="DATABASE_URL",
        takes="postgresql://user:password@host:5432/database",
        means="PostgreSQL 15 or newer; unset: an embedded one in `BRIMFUL_DATA_DIR`, for one process",
        secret=True,
    )
    data_dir: Path = _setting(
        Path(".brimful"),
        takes="a folder",
        means="where the embedded database, the journal of `--testbank` and mail in files are kept; as "
        "root below a folder that others may not enter, the database itself is in `/var/lib/brimful/`, "
        "under a name made from this folder's path",
    )
    host: Annotated[str, AfterValidator(_host)] = _setting(
        "127.0.0.1", takes="an address or name of this machine", means="where the API listens"
    )
    port: int = _setting(
        8420,
        ge=0,
        le=65_535,
        takes="a whole number, 0 to 65535",
        means="the API's port; 0: any free",
    )
    wait_ms: int = _setting(
        10_000,
        ge=0,
        le=60_000,
        takes="milliseconds, 0 to 60000",
        means="how long a request waits for an auto-billing at most, unless it says so itself",
    )
    lease_s: float = _setting(
        15.0,
        gt=0,
        le=3_600,
        takes="seconds, more than 0, at most 3600",
        means="how long a process may be silent before another takes its work over",
    )
    worker_poll_ms: int = _setting(
        500,
        ge=10,
        le=60_000,
        takes="milliseconds, 10 to 60000",
        means="how often due work is looked for",
    )
    pool_size_max: int = _setting(
        20,
        ge=2,
        le=1_000,
        takes="a whole number, 2 to 1000",
        means="connections to the database that one process opens at most",
    )
    testbank_url: Annotated[str, AfterValidator(_http)] | None = _setting(
        None,
        takes="http://host:port",
        means="a test gateway in a process of its own; unset: `serve --testbank` runs one inside",
    )
    gateway_timeout_s: float = _setting(
        10.0,
        gt=0,
        le=300,
        takes="seconds, more than 0, at most 300",
        means="how long a call to the test gateway may take before its outcome is unknown",
    )
    events_secret: str | None = _setting(
        None,
        takes="a text that the test gateway knows too",
        means="what the test gateway signs its events with; unset: none is believed, outcomes are read "
        "back (`serve --testbank` then chooses one)",
        secret=True,
    )
    stripe_key: Annotated[str, AfterValidator(_stripe_key)] | None = _setting(
        None,
        takes="a secret or restricted key of Stripe, sk_… or rk_…",
        means="the platform's own Stripe account; a test key (sk_test_…) is refused in production, a "
        "live one elsewhere",
        secret=True,
    )
    stripe_events_secret: Annotated[str, AfterValidator(_signing_secret)] | None = _setting(
        None,
        takes="a signing secret of Stripe, whsec_…",
        means="of the webhook endpoint for events of the platform's own account",
        secret=True,
    )
    stripe_connect_events_secret: Annotated[str, AfterValidator(_signing_secret)] | None = _setting(
        None,
        takes="a signing secret of Stripe, whsec_…",
        means="of the webhook endpoint for events of connected accounts",
        secret=True,
    )
    stripe_timeout_s: float = _setting(
        20.0,
        gt=0,
        le=80,
        takes="seconds, more than 0, at most 80",
        means="how long one call to Stripe may take before its outcome is unknown; a lease then lasts "
        "for two calls at least",
    )
    stripe_url: Annotated[str, AfterValidator(_http)] | None = _setting(
        None,
        takes="http://host:port",
        means="a Stripe for tests, with a test key only; unset: Stripe itself",
    )
    smtp_url: Annotated[str, AfterValidator(_smtp)] | None = _setting(
        None,
        takes="smtp://user:password@host:port or smtps://",
        means="the mail server; unset: mail is written into `mail/` of `BRIMFUL_DATA_DIR`",
        secret=True,
    )
    mail_from: Annotated[str, AfterValidator(_mail_address)] = _setting(
        "billing@localhost",
        takes="a mail address",
        means="the sender of mail, beside the brand's name",
    )
    public_url: Annotated[str, AfterValidator(_http)] = _setting(
        "http://127.0.0.1:8420",
        takes="http://host:port or https://",
        means="where owners reach their pages: what the links in notices begin with",
    )
    production: bool = _setting(
        False,
        takes="true or false",
        means="true refuses what is only for tests: the test gateway, the test clock, mail in files, "
        "pages that only this machine reaches",
    )
    test_clock: bool = _setting(
        False,
        takes="true or false",
        means="true lets business time follow the test clock of the database, see `brimful clock`; "
        "the same for all processes on it",
    )


def variable(name: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"BRIMFUL_{name.upper()}"


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, those ``given`` in its place. Raises WrongSettings."""
    told = _misspelt()
    try:
        settings = Settings(**given)
    except ValidationError as wrong:
        raise WrongSettings("; ".join([*told, *_what_is_wrong(wrong)])) from None
    if told:
        raise WrongSettings("; ".join(told))
    if settings.production and settings.test_clock:
        raise WrongSettings(
            "BRIMFUL_PRODUCTION is true, and business time is real time there: "
            "BRIMFUL_TEST_CLOCK is refused in production"
        )
    if settings.stripe_key is not None:
        _check_stripe(settings, settings.stripe_key)
    if settings.production and (missing := _not_for_production(settings)):
        raise WrongSettings(f"BRIMFUL_PRODUCTION is true, and {'; and '.join(missing)}")
    return settings


def _misspelt() -> list[str]:
    """A clause for each variable that is no setting and nearly one: what it was meant to change would be
    as if it were unset, in production perhaps the gateway's secret."""
    known = [variable(name) for name in Settings.model_fields]
    told = []
    for name in sorted(os.environ):
        if name.upper() in known or not name.upper().startswith("BRIMFUL_"):
            continue
        for near in difflib.get_close_matches(name.upper(), known, n=1, cutoff=NEARLY):
            told.append(f"{name} is no setting: did you mean {near}?")
    return told


def _not_for_production(settings: Settings) -> list[str]:
    """A clause for each setting that would keep owners from their pages or their mail."""
    told = []
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" or _is_this_machine(parts.hostname or ""):
        told.append(
            f"BRIMFUL_PUBLIC_URL is {settings.public_url}, where no owner reaches a page safely; set it "
            "to where they do, such as https://billing.example.com"
        )
    if settings.smtp_url is None:
        told.append(
            "BRIMFUL_SMTP_URL is unset, so that mail would be written into files; set it to the mail "
            "server, such as smtps://user:password@mail.example.com:465"
        )
    return told


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _check_stripe(settings: Settings, key: str) -> None:
    """Stripe is used alone, and with real money in production only. Raises WrongSettings."""
    live = key.startswith(("sk_live_", "rk_live_"))
    if settings.testbank_url is not None:
        raise WrongSettings(
            "BRIMFUL_STRIPE_KEY and BRIMFUL_TESTBANK_URL name two gateways; set one of them"
        )
    if settings.production and not live:
        raise WrongSettings(
            "BRIMFUL_PRODUCTION is true, and BRIMFUL_STRIPE_KEY is a test key: it moves no real money"
        )
    if live and not settings.production:
        raise WrongSettings(
            "BRIMFUL_STRIPE_KEY is a live key: it moves real money, for which BRIMFUL_PRODUCTION has "
            "to be true"
        )
    if live and settings.stripe_url is not None:
        raise WrongSettings(
            "BRIMFUL_STRIPE_URL is for tests: a live key is sent to Stripe itself only"
        )
    if settings.test_clock:
        raise WrongSettings(
            "BRIMFUL_TEST_CLOCK is true, and Stripe keeps its own time; the test clock is for testbank"
        )


def _what_is_wrong(wrong: ValidationError) -> list[str]:
    """A clause for each wrong setting; the value is shown where it is no secret."""
    by_variable = {variable(name): name for name in Settings.model_fields}
    told = {}
    for error in wrong.errors():
        name = str(error["loc"][0])
        name = by_variable.get(name, name)
        extra: Any = Settings.model_fields[name].json_schema_extra
        shown = "" if extra["secret"] else f", not {error['input']!r}"
        told[name] = f"{variable(name)} takes {extra['takes']}{shown}"
    return list(told.values())
