"""docker-compose.yml says what is true: the schema, the settings, the commands, who gets what."""

import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema
from pydantic_settings import BaseSettings

from guanxi_gateway.cli.app import command_line
from guanxi_shared.launch import cluster, postgres, provision_main
from guanxi_shared.launch.binaries import find_binaries
from guanxi_shared.launch.services import GATEWAY, Service, discover_services
from guanxi_shared.settings import named_addresses
from tests.system.compose_file import (
    Container,
    VariableMissing,
    containers,
    demanded,
    in_order,
    load,
    optional,
)
from tests.system.dockerfiles import read

SECRETS = {name: f"{name.lower()}-x7Qz" for name in demanded()}
DOCUMENT = load(SECRETS)
CONTAINERS = containers(DOCUMENT)
OURS = {name: each for name, each in CONTAINERS.items() if each.dockerfile is not None}
LASTING = [name for name, each in OURS.items() if each.spec["restart"] != "no"]
SERVICES = {service.name: service for service in discover_services()}
# Set by the launcher alone: of no use, or the image's own affair, in a container.
LAUNCHERS_OWN = {"listen_addresses", "unix_socket_directories", "password_encryption",
                 "timezone", "log_timezone", "log_line_prefix"}  # fmt: skip
TOOLS = ("backup", "restore")
NO_SETTINGS = {"PATH", "PYTHONUNBUFFERED"}


def service_of(container: Container) -> Service:
    assert container.dockerfile is not None
    return SERVICES[read(container.dockerfile).name]


def has_jobs(service: Service) -> bool:
    """A module `jobs` that the worker can run."""
    if find_spec(f"{service.package}.jobs") is None:
        return False
    return hasattr(importlib.import_module(f"{service.package}.jobs"), "HANDLERS")


def settings_of(service: Service) -> dict[str, bool]:
    """Environment variables that a service reads, and whether it must be given them."""
    for module in (f"{service.package}.app", "guanxi_shared.worker"):
        importlib.import_module(module)
    return {
        f"{kind.model_config.get('env_prefix')}{name}".upper(): field.is_required()
        for kind in descendants(BaseSettings)
        if kind.__module__.startswith(("guanxi_shared.", f"{service.package}."))
        if kind.model_config.get("env_prefix")
        for name, field in kind.model_fields.items()
    }


def descendants(kind: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for each in kind.__subclasses__():
        yield each
        yield from descendants(each)


def known_variables(container: Container) -> set[str]:
    """What the command of this container reads."""
    if "guanxi_shared.launch.provision_main" in container.command:
        urls = {f"{s.prefix}_{url}" for s in SERVICES.values() for url in provision_main.VARIABLES}
        return urls | {provision_main.ADMIN}
    if container.name in TOOLS:
        return {provision_main.ADMIN, "GUANXI_DATA_DIR"}
    return set(settings_of(service_of(container)))


def test_it_is_what_the_compose_specification_describes() -> None:
    schema = get_builtin_schema("vendor.compose-spec")
    jsonschema.validate(DOCUMENT, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", demanded())
def test_without_a_secret_it_says_how_to_get_one(name: str) -> None:
    rest = {other: value for other, value in SECRETS.items() if other != name}
    with pytest.raises(VariableMissing, match=rf"{name}.*make secrets"):
        load(rest)


def test_the_secrets_in_env_mean_nothing_to_make_run() -> None:
    """It reads the same file, and another secret would lock it out of its own data."""
    settings = {name for service in SERVICES.values() for name in settings_of(service)}
    assert settings & SECRETS.keys() == set()
    assert {name for name in optional() - settings if not name.endswith("_REPLICAS")} == {
        "FILE",
        "GUANXI_PORT",
        "GUANXI_VERSION",
    }


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    container = OURS[name]
    assert container.dockerfile is not None
    image = read(container.dockerfile).environment.keys()
    assert container.variables - known_variables(container) == set()
    assert image - settings_of(service_of(container)).keys() - NO_SETTINGS == set()


@pytest.mark.parametrize("name", LASTING)
def test_every_setting_that_is_needed_is_given(name: str) -> None:
    container = OURS[name]
    needed = {n for n, required in settings_of(service_of(container)).items() if required}
    assert needed - container.environment.keys() == set()


def test_every_service_is_migrated_and_served_and_does_its_jobs() -> None:
    wanted = {"postgres", "provision", *TOOLS}
    for name, service in SERVICES.items():
        wanted |= {name, f"migrate-{name}"} | ({f"{name}-worker"} if has_jobs(service) else set())
    assert CONTAINERS.keys() == wanted


@pytest.mark.parametrize("name", SERVICES)
def test_its_commands_are_those_that_there_are(name: str) -> None:
    package = SERVICES[name].package
    python = ["python", "-m"]
    serve = [*python, "guanxi_shared.serve", package]
    assert CONTAINERS[name].command == serve
    migrate = [*python, "guanxi_shared.migrations", package, "upgrade"]
    assert CONTAINERS[f"migrate-{name}"].command == migrate
    if worker := CONTAINERS.get(f"{name}-worker"):
        assert worker.command == [*python, "guanxi_shared.worker", package]
    for container in (CONTAINERS[name], CONTAINERS[f"migrate-{name}"], worker):
        assert container is None or service_of(container).name == name


@pytest.mark.parametrize("name", TOOLS)
def test_backups_are_made_and_restored_by_the_command_line(name: str) -> None:
    command = " ".join(CONTAINERS[name].command)
    assert CONTAINERS[name].spec["profiles"] == [name]
    assert f"python -m guanxi_gateway.cli {name} " in command
    known = {each.callback.__name__ for each in command_line().registered_commands if each.callback}
    assert name in known


def test_nobody_gets_more_of_the_database_than_it_needs() -> None:
    for name, container in OURS.items():
        if name in {"provision", *TOOLS}:
            continue
        prefix = service_of(container).prefix
        urls = {each for each in container.environment if each.endswith("DATABASE_URL")}
        if name.startswith("migrate-"):
            assert urls == {f"{prefix}_OWNER_DATABASE_URL"}, name
        else:
            assert urls == {f"{prefix}_DATABASE_URL", f"{prefix}_FEED_DATABASE_URL"}, name


def test_what_is_provisioned_is_what_is_handed_out() -> None:
    provisioned = CONTAINERS["provision"].environment
    for name, container in OURS.items():
        for variable, value in container.environment.items():
            if variable.endswith("DATABASE_URL"):
                assert provisioned[variable] == value, name
    assert provision_main.services_of(provisioned) == sorted(SERVICES)
    for service in SERVICES:
        assert len(set(provision_main.passwords_of(service, provisioned).values())) == 3


def test_the_gateway_finds_every_service() -> None:
    given = CONTAINERS[GATEWAY].environment
    others = SERVICES.keys() - {GATEWAY}
    found = named_addresses(given["GUANXI_SERVICES"])
    assert found == {name: f"http://{name}:8000" for name in others}
    for container in OURS.values():
        where = container.environment.get("GUANXI_GATEWAY_URL", "http://gateway:8000")
        assert where == "http://gateway:8000"


def test_the_gateway_is_the_only_door() -> None:
    assert [name for name, each in CONTAINERS.items() if "ports" in each.spec] == [GATEWAY]
    outside = [name for name, each in CONTAINERS.items() if "outside" in each.spec["networks"]]
    # Letters and reports go to a mail server, webhooks to anybody.
    assert outside == ["tickets-worker", "analytics-worker", GATEWAY, f"{GATEWAY}-worker"]
    assert DOCUMENT["networks"]["inside"] == {"internal": True}


def test_services_are_free_to_grow() -> None:
    for name, container in CONTAINERS.items():
        assert "container_name" not in container.spec
        is_service = name in SERVICES and name != GATEWAY
        if is_service or name.endswith("-worker"):
            assert container.spec["deploy"]["replicas"] == "1"


def test_each_waits_for_what_it_needs() -> None:
    for name in SERVICES:
        done = {f"migrate-{name}": "service_completed_successfully"}
        assert CONTAINERS[name].needs == done
        assert CONTAINERS[f"migrate-{name}"].needs == {
            "provision": "service_completed_successfully"
        }
    assert CONTAINERS["provision"].needs == {"postgres": "service_healthy"}
    order = [each.name for each in in_order(CONTAINERS)]
    assert order[0] == "postgres"


@pytest.mark.parametrize("name", OURS)
def test_what_runs_on_is_restarted_and_asked_for_its_health(name: str) -> None:
    container = OURS[name]
    assert container.dockerfile is not None
    is_server = name in SERVICES
    is_once = not is_server and not name.endswith("-worker")
    assert container.spec["restart"] == ("no" if is_once else "unless-stopped")
    assert container.check == (read(container.dockerfile).check if is_server else None)


@pytest.mark.parametrize("name", OURS)
def test_ours_run_with_few_rights(name: str) -> None:
    spec = OURS[name].spec
    assert spec["read_only"] is True
    assert spec["cap_drop"] == ["ALL"]
    assert spec["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in spec


@pytest.mark.parametrize("name", OURS)
def test_its_volumes_exist_and_belong_to_its_user(name: str) -> None:
    container = OURS[name]
    assert container.dockerfile is not None
    made = " ".join(read(container.dockerfile).all("RUN"))
    for volume in container.spec.get("volumes", ()):
        source, place = volume.split(":")
        assert source in DOCUMENT["volumes"]
        assert re.search(rf"install --directory --owner=guanxi .*{place}\b", made)


def test_postgres_is_set_up_as_the_launcher_does() -> None:
    words = CONTAINERS["postgres"].spec["command"].split()
    assert words[:1] == ["postgres"]
    given = dict(word.split("=") for word in words[2::2])
    assert given == {n: v for n, v in postgres.SETTINGS.items() if n not in LAUNCHERS_OWN}


def test_postgres_is_of_the_launchers_version_and_locale() -> None:
    spec, binaries = CONTAINERS["postgres"].spec, find_binaries({})
    assert spec["image"] == f"postgres:{binaries.major}"
    arguments = set(spec["environment"]["POSTGRES_INITDB_ARGS"].split())
    assert "--lc-ctype=C.UTF-8" in arguments
    launchers = set(cluster._initdb(binaries, Path("data"), Path("password"), fast=False))
    assert {each for each in arguments - launchers if "lc-ctype" not in each} == set()
    assert {each.partition("=")[0] for each in launchers - arguments if "lc-ctype" not in each} == {
        binaries.program("initdb"), "--pgdata", "--username", "--pwfile", "--auth",
    }  # fmt: skip
