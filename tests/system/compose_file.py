"""docker-compose.yml as Compose reads it: merges resolved, variables put in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"

# $$ · ${NAME:?sentence} · ${NAME:-default} · ${NAME}; without nesting, which the file does not use.
VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\})")


class VariableMissing(Exception):
    """A variable that must be set is not; the text is what Compose would say."""


@dataclass(frozen=True)
class Container:
    """One service of the file."""

    name: str
    spec: Mapping[str, Any]

    @property
    def dockerfile(self) -> Path | None:
        build = self.spec.get("build")
        return None if build is None else ROOT / build["context"] / build["dockerfile"]

    @property
    def command(self) -> list[str]:
        return [str(word) for word in self.spec.get("command", ())]

    @property
    def environment(self) -> dict[str, str]:
        """A name without a value comes from the shell, or not at all: left out."""
        given = self.spec.get("environment", {})
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def variables(self) -> set[str]:
        """All names, with and without a value."""
        return set(self.spec.get("environment", {}))

    @property
    def needs(self) -> dict[str, str]:
        """Which others it waits for, and until when."""
        return {name: each["condition"] for name, each in self.spec.get("depends_on", {}).items()}

    @property
    def check(self) -> list[str] | None:
        """The words of its health check; None when it is switched off."""
        health = self.spec.get("healthcheck", {})
        return None if health.get("disable") else [str(word) for word in health["test"][1:]]

    @property
    def places(self) -> list[str]:
        """Where its volumes are seen."""
        return [volume.split(":")[1] for volume in self.spec.get("volumes", ())]


def load(variables: Mapping[str, str]) -> dict[str, Any]:
    """VariableMissing when the file demands one that is not among `variables`."""
    text = FILE.read_text(encoding="utf-8")
    found: dict[str, Any] = interpolated(yaml.safe_load(text), variables)
    return found


def containers(document: Mapping[str, Any]) -> dict[str, Container]:
    return {name: Container(name, spec) for name, spec in document["services"].items()}


def in_order(found: Mapping[str, Container]) -> Iterator[Container]:
    """Those that others wait for come first."""
    left = dict(found)
    while left:
        free = [each for each in left.values() if not left.keys() & each.needs.keys()]
        assert free, f"they wait for each other: {sorted(left)}"
        for each in free:
            yield left.pop(each.name)


def demanded() -> dict[str, str]:
    """Variables without which Compose refuses the file, with what it says then."""
    found = VARIABLE.finditer(_without_comments(FILE.read_text(encoding="utf-8")))
    return {each["name"]: each["rest"] for each in found if each["kind"] == "?"}


def optional() -> set[str]:
    found = VARIABLE.finditer(_without_comments(FILE.read_text(encoding="utf-8")))
    return {each["name"] for each in found if each["name"] and each["kind"] != "?"}


def interpolated(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: interpolated(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [interpolated(value, variables) for value in node]
    if isinstance(node, str):
        return VARIABLE.sub(lambda match: _value(match, variables), node)
    return node


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    if value := variables.get(match["name"]):
        return value
    if match["kind"] == "?":
        raise VariableMissing(f"required variable {match['name']}: {match['rest']}")
    return match["rest"] or ""


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
