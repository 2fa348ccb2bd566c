"""The gateway's own settings (GATEWAY_…)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings

MEBIBYTE = 1 << 20


class GatewaySettings(ServiceSettings):
    """Prefix GATEWAY_; lists are written with commas."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    # Exact origins, `https://app.example.com,http://localhost:5173`; none are allowed by default.
    cors_origins: str = ""
    max_in_flight: int = Field(default=512, ge=1)
    max_json_bytes: int = Field(default=MEBIBYTE, ge=1024)
    max_upload_bytes: int = Field(default=512 * MEBIBYTE, ge=1024)
    deadline_ms: int = Field(default=30_000, ge=100)
    long_deadline_ms: int = Field(default=120_000, ge=1000)
    stream_idle_seconds: float = Field(default=90.0, gt=0)
    connect_seconds: float = Field(default=1.0, gt=0)
    # Below the services' own keep-alive (75 s), so that it is us who hang up.
    idle_seconds: float = Field(default=30.0, gt=0)
    # Cost units per credential and window; 0 switches the limit off.
    rate_quota: int = Field(default=60_000, ge=0)
    rate_window_seconds: int = Field(default=60, ge=1)
    # How long a composite whose gateway died lies before another gateway goes on with it.
    composite_lease_seconds: float = Field(default=30.0, ge=0.5, le=600)
    # Sign-in and token calls per client address and minute.
    sign_in_quota: int = Field(default=120, ge=1)


def listed(text: str) -> tuple[str, ...]:
    return tuple(piece.strip() for piece in text.split(",") if piece.strip())
