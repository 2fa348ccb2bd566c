"""What our Dockerfiles say, as far as they go: stages, copies, environment, commands."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system.compose_file import ROOT

DOCKERFILES = [ROOT / "gateway" / "Dockerfile", *sorted(ROOT.glob("services/*/Dockerfile"))]


@dataclass(frozen=True)
class Step:
    stage: int
    word: str
    """COPY, RUN, …"""
    rest: str


@dataclass(frozen=True)
class Dockerfile:
    path: Path
    steps: tuple[Step, ...]

    @property
    def member(self) -> Path:
        """The folder of the service, from the root."""
        return self.path.parent.relative_to(ROOT)

    @property
    def name(self) -> str:
        return self.path.parent.name

    @property
    def package(self) -> str:
        return f"guanxi_{self.name}"

    def all(self, word: str) -> list[str]:
        return [step.rest for step in self.steps if step.word == word]

    def last(self, word: str) -> str:
        """What the finished image has: of the last stage."""
        final = self.steps[-1].stage
        return [step.rest for step in self.steps if step.word == word and step.stage == final][-1]

    @property
    def copies(self) -> list[tuple[str, str]]:
        """From the build's folder to the image; copies between stages are left out."""
        found = []
        for rest in self.all("COPY"):
            if not rest.startswith("--from="):
                source, target = rest.split()
                found.append((source, target))
        return found

    @property
    def environment(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in shlex.split(self.last("ENV")))
        return {name: value for name, _, value in pairs}

    @property
    def command(self) -> list[str]:
        return _words(self.last("CMD"))

    @property
    def check(self) -> list[str]:
        return _words(self.last("HEALTHCHECK").partition(" CMD ")[2])


def read(path: Path) -> Dockerfile:
    return Dockerfile(path, tuple(_steps(path.read_text(encoding="utf-8"))))


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stage = -1
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        yield Step(stage, word, rest.strip())


def _words(text: str) -> list[str]:
    found = json.loads(text)
    assert all(isinstance(word, str) for word in found)
    return list(found)


class Ignoring:
    """.dockerignore, decided as the builder does: the last pattern that fits a path or a parent."""

    def __init__(self, path: Path = ROOT / ".dockerignore") -> None:
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        self._rules = [
            (_pattern(line.removeprefix("!").strip("/")), not line.startswith("!"))
            for line in lines
            if line and not line.startswith("#")
        ]

    def leaves_out(self, path: str) -> bool:
        parts = path.split("/")
        paths = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        decisions = [
            is_left_out
            for pattern, is_left_out in self._rules
            if any(pattern.fullmatch(each) for each in paths)
        ]
        return decisions[-1] if decisions else False


def _pattern(text: str) -> re.Pattern[str]:
    pieces = re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", text)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = [known.get(each, each if each.startswith("[") else re.escape(each)) for each in pieces]
    return re.compile("".join(made))
