"""Which services are installed here."""

import pkgutil
from dataclasses import dataclass
from importlib.util import find_spec

GATEWAY = "gateway"
PREFIX = "guanxi_"
NO_SERVICE = "guanxi_shared"


@dataclass(frozen=True)
class Service:
    name: str

    @property
    def package(self) -> str:
        return PREFIX + self.name

    @property
    def prefix(self) -> str:
        return self.name.upper()

    @property
    def has_jobs(self) -> bool:
        return find_spec(f"{self.package}.jobs") is not None


def discover_services() -> list[Service]:
    """Every importable package guanxi_* that has an app; the gateway first."""
    names = {
        module.name.removeprefix(PREFIX)
        for module in pkgutil.iter_modules()
        if module.ispkg and module.name.startswith(PREFIX) and module.name != NO_SERVICE
        if find_spec(f"{module.name}.app") is not None
    }
    return [Service(name) for name in sorted(names, key=lambda name: (name != GATEWAY, name))]
