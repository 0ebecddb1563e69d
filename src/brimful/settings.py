"""Settings: from the environment, with defaults that are safe and no secret among them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each is read from BRIMFUL_<NAME>; the database from DATABASE_URL as well."""

    model_config = SettingsConfigDict(env_prefix="BRIMFUL_", frozen=True, populate_by_name=True)

    database_url: str | None = Field(
        None, validation_alias="DATABASE_URL", description="PostgreSQL 15 or newer; none: embedded"
    )
    data_dir: Path = Field(Path(".brimful"), description="the embedded database and mail in files")
    host: str = "127.0.0.1"
    port: int = Field(8420, ge=0, le=65535)
    wait_ms: int = Field(10_000, ge=0, le=60_000, description="how long a caller waits at most")
    lease_s: float = Field(15, gt=0, description="real seconds after which another takes work over")
    worker_poll_ms: int = Field(500, ge=10, description="how often due work is looked for")
    pool_size_max: int = Field(20, ge=2)
    testbank_url: str | None = Field(
        None, description="the test gateway; none: one in this process"
    )
    gateway_timeout_s: float = Field(10, gt=0)
    events_secret: str | None = Field(None, description="what the gateway signs its events with")
    smtp_url: str | None = Field(None, description="smtp://user:password@host:port; none: files")
    mail_from: str = "billing@localhost"
    production: bool = False
