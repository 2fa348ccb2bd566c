"""What each process of the suite is told: ports, environment, command, chosen once per start."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from guanxi_shared.launch.errands import run_quietly
from guanxi_shared.launch.errors import LaunchError, first_of
from guanxi_shared.launch.loading import Command
from guanxi_shared.launch.migrating import make_coming_months, schema_is_current
from guanxi_shared.launch.ports import free_port
from guanxi_shared.launch.process import ProcessSpec, Say, reachable
from guanxi_shared.launch.provision import Provisioned, ServiceUrls
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.services import GATEWAY, Service
from guanxi_shared.launch.settings import LaunchSettings

SERVICE_SECRET = "GUANXI_SERVICE_SECRET"
# Seals what the gateway keeps in its database; no other process is told it.
SEALING_SECRET = "GATEWAY_SECRET"
GATEWAY_STOPS, SERVICES_STOP, WORKERS_STOP = 1, 2, 3


@dataclass(frozen=True)
class Suite:
    """What runs now; given to `on_ready`."""

    gateway_url: str
    data_dir: Path
    admin_url: str
    environments: Mapping[str, Mapping[str, str]]


class Plan:
    def __init__(
        self, settings: LaunchSettings, services: Sequence[Service], provisioned: Provisioned
    ) -> None:
        self._settings = settings
        self._services = services
        self._provisioned = provisioned
        self._ports = self._choose_ports()
        self._secrets = self._choose_secrets()
        self._common = self._common_environment()

    @property
    def gateway_url(self) -> str:
        host = reachable(self._settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    def suite(self) -> Suite:
        environments = {service.name: self._environment(service) for service in self._services}
        return Suite(
            self.gateway_url, self._settings.data_dir, self._provisioned.admin_url, environments
        )

    def specs(self) -> list[ProcessSpec]:
        specs = [self._server(service) for service in self._services]
        return specs + [self._worker(service) for service in self._services if service.has_jobs]

    async def migrate(self, *, say: Say) -> None:
        """Alembic for the schemas that need it, the coming months of the log for the others."""
        late = await self._late_services()
        if late:
            say(f"migrating {', '.join(service.name for service in late)} …")
        try:
            async with asyncio.TaskGroup() as group:
                for service in self._services:
                    if service in late:
                        group.create_task(self._migrate(service))
                    else:
                        group.create_task(make_coming_months(self._urls(service).owner))
        except* LaunchError as errors:
            raise first_of(errors) from None

    async def _late_services(self) -> list[Service]:
        connection = await asyncpg.connect(self._provisioned.admin_url)
        try:
            return [
                service
                for service in self._services
                if not await schema_is_current(connection, service.name, service.package)
            ]
        finally:
            await connection.close()

    async def _migrate(self, service: Service) -> None:
        owner = {f"{service.prefix}_OWNER_DATABASE_URL": self._urls(service).owner}
        command = (*_python("migrations", service), "upgrade")
        await run_quietly(
            f"The migration of {service.name}", command, self._environment(service) | owner
        )

    def _urls(self, service: Service) -> ServiceUrls:
        return self._provisioned.urls[service.name]

    def _server(self, service: Service) -> ProcessSpec:
        is_gateway = service.name == GATEWAY
        return ProcessSpec(
            name=service.name,
            command=_python("serve", service),
            env=self._environment(service),
            host=self._host(service),
            port=self._ports[service.name],
            stops_in_round=GATEWAY_STOPS if is_gateway else SERVICES_STOP,
        )

    def _worker(self, service: Service) -> ProcessSpec:
        return ProcessSpec(
            name=f"{service.name}-worker",
            command=_python("worker", service),
            env=self._environment(service),
            stops_in_round=WORKERS_STOP,
        )

    def _choose_ports(self) -> dict[str, int]:
        ports = {GATEWAY: self._settings.port}
        for service in self._services:
            if named := os.environ.get(f"{service.prefix}_PORT"):
                ports.setdefault(service.name, int(named))
            ports.setdefault(service.name, free_port(avoid=frozenset(ports.values())))
        return ports

    def _host(self, service: Service) -> str:
        return self._settings.host if service.name == GATEWAY else "127.0.0.1"

    def _choose_secrets(self) -> dict[str, str]:
        """The environment's, else those of the data folder, which keeps whatever was made once."""
        names = (SERVICE_SECRET, SEALING_SECRET)
        kept = SecretFile(self._settings.data_dir).get_or_make(*names, size=48)
        return {name: os.environ.get(name) or kept[name] for name in names}

    def _common_environment(self) -> dict[str, str]:
        addresses = (
            f"{service.name}=http://{self._host(service)}:{self._ports[service.name]}"
            for service in self._services
            if service.name != GATEWAY
        )
        return {
            "GUANXI_LOG_FORMAT": "text",  # for the terminal, unless told otherwise
            **inherited(),
            SERVICE_SECRET: self._secrets[SERVICE_SECRET],
            "GUANXI_DATA_DIR": str(self._settings.data_dir),
            "GUANXI_GATEWAY_URL": self.gateway_url,
            "GUANXI_SERVICES": ",".join(addresses),
            "PYTHONUNBUFFERED": "1",
        }

    def _environment(self, service: Service) -> dict[str, str]:
        urls = self._urls(service)
        files_dir = f"{service.prefix}_FILES_DIR"
        files = self._settings.data_dir / "files" / service.name
        environment = self._common | {
            f"{service.prefix}_DATABASE_URL": urls.request,
            f"{service.prefix}_FEED_DATABASE_URL": urls.feed,
            f"{service.prefix}_HOST": self._host(service),
            f"{service.prefix}_PORT": str(self._ports[service.name]),
            files_dir: os.environ.get(files_dir) or str(files),
        }
        if service.name == GATEWAY:
            environment[SEALING_SECRET] = self._secrets[SEALING_SECRET]
        return environment


def commands(services: Sequence[Service]) -> list[Command]:
    """All that `Plan.specs` runs."""
    servers = [_python("serve", service) for service in services]
    return servers + [_python("worker", service) for service in services if service.has_jobs]


def inherited() -> dict[str, str]:
    """Ours, without any way into the database: each process gets its own and no other."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("DATABASE_URL") and name != SEALING_SECRET
    }


def _python(module: str, service: Service) -> Command:
    return (sys.executable, "-m", f"guanxi_shared.{module}", service.package)
