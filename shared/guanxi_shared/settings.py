"""Settings come from the environment, once, at the composition root."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PLACEHOLDERS = ("change", "secret", "placeholder", "example", "password")


class Common(BaseSettings):
    """What every process shares; prefix GUANXI_."""

    model_config = SettingsConfigDict(env_prefix="GUANXI_", extra="ignore")

    gateway_url: str = "http://127.0.0.1:8000"
    services: str = ""  # where the services are: `a=http://127.0.0.1:8101,b=http://…`
    service_secret: str = Field(min_length=32)
    data_dir: Path = Path(".data")
    log_level: str = "info"
    log_format: str = "json"
    max_in_flight: int = Field(default=256, ge=1)

    @model_validator(mode="after")
    def refuse_placeholder_secret(self) -> Self:
        lowered = self.service_secret.lower()
        if any(word in lowered for word in PLACEHOLDERS) or len(set(lowered)) < 10:
            raise ValueError(
                "GUANXI_SERVICE_SECRET looks like a placeholder; make one with "
                "`python -c 'import secrets; print(secrets.token_urlsafe(48))'`"
            )
        return self


def named_addresses(text: str) -> dict[str, str]:
    """`a=http://x,b=http://y` as a mapping; ValueError names the part that is not `name=url`."""
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, separator, address = part.partition("=")
        if not separator or not address.startswith(("http://", "https://")):
            raise ValueError(f"GUANXI_SERVICES: {part!r} is not `name=http://host:port`")
        found[name.strip()] = address.strip().rstrip("/")
    return found


class ServiceSettings(BaseSettings):
    """What each service has of its own; a service subclasses it with its prefix."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str
    feed_database_url: str
    owner_database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = Field(default=1, ge=1)
    pool_size: int = Field(default=16, ge=2)
    statement_timeout_ms: int = Field(default=5000, ge=100)


def common() -> Common:
    return Common()  # every value comes from the environment
