"""Settings of webhooks: GATEWAY_WEBHOOK_…"""

import ssl
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Network = IPv4Network | IPv6Network


class WebhookSettings(BaseSettings):
    """Safe as they stand: https alone, to addresses of the whole internet alone."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_WEBHOOK_", extra="ignore")

    # For development and tests: plain http too.
    http: bool = False
    # Networks that may be reached although they are not global, `127.0.0.0/8,::1/128`, at any port.
    networks: str = ""
    ports: str = "443,8443"
    # PEM of authorities that are trusted besides those of the machine: receivers inside the house.
    ca_file: str = ""
    connect_seconds: float = Field(default=5.0, gt=0, le=60)
    answer_seconds: float = Field(default=15.0, gt=0, le=120)
    # How many endpoints one worker serves at once, and how often it looks whose turn it is.
    endpoints: int = Field(default=200, ge=1)
    poll_seconds: float = Field(default=0.5, gt=0)
    # After so long without a sign of life another worker takes over.
    lease_seconds: float = Field(default=10.0, ge=0.5)
    # Without news an endpoint's feed is looked at so often all the same.
    look_seconds: float = Field(default=30.0, gt=0)
    # Finished deliveries and what receivers said are kept so long.
    log_days: int = Field(default=30, ge=1)

    @field_validator("networks")
    @classmethod
    def are_networks(cls, text: str) -> str:
        named_networks(text)
        return text

    @field_validator("ports")
    @classmethod
    def are_ports(cls, text: str) -> str:
        if not all(0 < port < 65536 for port in numbers(text)):
            raise ValueError("ports are numbers from 1 to 65535 with commas between")
        return text

    @field_validator("ca_file")
    @classmethod
    def is_readable(cls, path: str) -> str:
        if path:
            trusting(path)
        return path

    def model_post_init(self, _: Any) -> None:
        self._networks = named_networks(self.networks)
        self._ports = frozenset(numbers(self.ports))

    _networks: tuple[Network, ...] = ()
    _ports: frozenset[int] = frozenset()

    @property
    def allowed_networks(self) -> tuple[Network, ...]:
        return self._networks

    @property
    def allowed_ports(self) -> frozenset[int]:
        return self._ports | {80} if self.http else self._ports


def trusting(ca_file: str) -> ssl.SSLContext:
    """Certificates are checked as browsers do, by the machine's authorities and those of the file."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ValueError("the file holds no certificates in PEM, or cannot be read") from error
    return context


def named_networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(piece.strip()) for piece in text.split(",") if piece.strip())


def numbers(text: str) -> list[int]:
    return [int(piece) for piece in text.split(",")]
