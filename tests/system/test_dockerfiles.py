"""Each image holds one service and what it needs, and gives it few rights."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.system.compose_file import ROOT
from tests.system.dockerfiles import DOCKERFILES, Dockerfile, Ignoring, read

HASH = re.compile(r"--hash=(\S+)")
PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


@pytest.fixture(params=DOCKERFILES, ids=lambda path: str(path.parent.name))
def dockerfile(request: pytest.FixtureRequest) -> Dockerfile:
    return read(request.param)


def pins(path: Path) -> dict[str, set[str]]:
    """By name: version and hashes. (Its marker tells who asked for it, which differs.)"""
    blocks = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8"))
    found = ((match, block) for block in blocks if (match := PIN.match(block)))
    return {match[1].lower(): {match[2], *HASH.findall(block)} for match, block in found}


def asked_for(member: str) -> set[str]:
    project = tomllib.loads((ROOT / member / "pyproject.toml").read_text(encoding="utf-8"))
    names = {re.split(r"[\[<>=!~; ]", each)[0] for each in project["project"]["dependencies"]}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def test_every_member_that_runs_has_one() -> None:
    members = [ROOT / "gateway", *(each.parent for each in ROOT.glob("services/*/pyproject.toml"))]
    assert sorted(path.parent for path in DOCKERFILES) == sorted(members)


def test_it_copies_its_own_service_and_shared_alone(dockerfile: Dockerfile) -> None:
    assert dict(dockerfile.copies) == {
        f"requirements/{dockerfile.name}.txt": "requirements.txt",
        "shared/guanxi_shared": "guanxi_shared",
        f"{dockerfile.member}/{dockerfile.package}": dockerfile.package,
    }
    assert not dockerfile.all("ADD")


def test_what_it_copies_reaches_the_builder(dockerfile: Dockerfile) -> None:
    ignoring = Ignoring()
    for source, _ in dockerfile.copies:
        path = ROOT / source
        files = [path] if path.is_file() else path.rglob("*.*")
        for file in files:
            is_byproduct = "__pycache__" in file.parts
            assert ignoring.leaves_out(str(file.relative_to(ROOT))) == is_byproduct, file


@pytest.mark.parametrize(
    "path",
    [".env", ".data/secrets.json", ".git/config", ".venv/bin/python", "tests/conftest.py",
     "docker-compose.yml", "services/contacts/README.md", "requirements/dev.in"],
)  # fmt: skip
def test_nothing_else_reaches_the_builder(path: str) -> None:
    assert Ignoring().leaves_out(path)


def test_its_pins_are_those_of_the_whole_suite(dockerfile: Dockerfile) -> None:
    whole = pins(ROOT / "requirements" / "runtime.txt")
    own = pins(ROOT / "requirements" / f"{dockerfile.name}.txt")
    assert own, "no pins"
    assert {name: pin for name, pin in own.items() if whole.get(name) != pin} == {}


def test_its_pins_are_what_its_members_ask_for(dockerfile: Dockerfile) -> None:
    own = pins(ROOT / "requirements" / f"{dockerfile.name}.txt")
    wanted = (asked_for("shared") | asked_for(str(dockerfile.member))) - {"guanxi-shared"}
    assert wanted - own.keys() == set(), "make pins writes them anew"


def test_it_installs_wheels_with_hashes_alone(dockerfile: Dockerfile) -> None:
    installs = [run for run in dockerfile.all("RUN") if " install " in run and "pip" in run]
    assert len(installs) == 1
    assert {"--require-hashes", "--only-binary=:all:"} <= set(installs[0].split())


def test_it_builds_on_a_named_version(dockerfile: Dockerfile) -> None:
    assert {rest.split()[0] for rest in dockerfile.all("FROM")} == {"python:3.12-slim"}


def test_it_runs_the_service_as_nobody_special(dockerfile: Dockerfile) -> None:
    assert dockerfile.command == ["python", "-m", "guanxi_shared.serve", dockerfile.package]
    assert dockerfile.last("USER") == "10001:10001"
    assert dockerfile.last("STOPSIGNAL") == "SIGTERM"


def test_it_is_asked_for_its_health_where_it_listens(dockerfile: Dockerfile) -> None:
    port = dockerfile.environment[f"{dockerfile.name.upper()}_PORT"]
    assert dockerfile.last("EXPOSE") == port
    assert f"http://127.0.0.1:{port}/health/ready" in dockerfile.check[-1]


@pytest.mark.parametrize("path", DOCKERFILES[1:], ids=lambda path: str(path.parent.name))
def test_those_of_services_differ_in_the_name_alone(path: Path) -> None:
    def nameless(path: Path) -> str:
        """Not every service keeps files."""
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if "_FILES_DIR=" not in line)
        name = path.parent.name
        return text.replace(name, "NAME").replace(name.upper(), "NAME")

    assert nameless(path) == nameless(ROOT / "services" / "contacts" / "Dockerfile")
