"""Rows of the table, and the files and lines made of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.goals import Goal

HEADINGS = ("row", "measured", "share", "goal", "stretch", "verdict")


@dataclass(frozen=True)
class Row:
    """One figure. `share` is a ratio to what `of` names; the goal is meant for it, else for
    `measured`."""

    name: str
    measured: float
    unit: str
    share: float | None = None
    of: str = ""
    goal: Goal | None = None
    note: str = ""
    cost: dict[str, int] = field(default_factory=dict)  # µs of processor time for a request
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def figure(self) -> float:
        return self.measured if self.share is None else self.share

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else self.goal.verdict(self.figure)

    def cells(self) -> tuple[str, ...]:
        share = "" if self.share is None else f"{shortened(self.share)} of {self.of}"
        stretch = "" if self.goal is None or self.goal.stretch is None else f"{self.goal.stretch:g}"
        goal = "" if self.goal is None else self.goal.text
        measured = f"{shortened(self.measured)} {self.unit}"
        return (self.name, measured, share, goal, stretch, self.verdict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}


@dataclass
class Report:
    """What a run found out; `sentences` say what could not be measured, and why."""

    about: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"- {name}: {value}" for name, value in self.about.items()]
        lines += ["", *table(HEADINGS, [row.cells() for row in self.rows])]
        lines += _listed("Notes", [f"{row.name}: {row.note}" for row in self.rows if row.note])
        lines += _listed("Not measured", self.sentences)
        if costs := [row for row in self.rows if row.cost]:
            lines += ["", "Processor time of a request, µs:", "", *_costs(costs)]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """`results.json` and `results.md`."""
        folder.mkdir(parents=True, exist_ok=True)
        found = {
            "about": self.about,
            "rows": [row.as_json() for row in self.rows],
            "not_measured": self.sentences,
        }
        text = json.dumps(found, ensure_ascii=False, indent=1, default=str)
        (folder / "results.json").write_text(f"{text}\n", encoding="utf-8")
        (folder / "results.md").write_text(self.markdown(), encoding="utf-8")


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    return ["", f"{title}:", "", *(f"- {sentence}" for sentence in sentences)] if sentences else []


def _costs(rows: Sequence[Row]) -> list[str]:
    names = tuple(dict.fromkeys(name for row in rows for name in row.cost))
    cells = [
        (row.name, *(f"{row.cost[name]:,}" for name in names), f"{sum(row.cost.values()):,}")
        for row in rows
    ]
    return table(("row", *names, "together"), cells)


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table whose columns also line up in a terminal."""
    every = [headings, *rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(headings))]
    lines = [_line([c.ljust(w) for c, w in zip(row, widths, strict=True)]) for row in every]
    return [lines[0], _line(["-" * width for width in widths]), *lines[1:]]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def shortened(figure: float) -> str:
    """Three digits say all that such a measurement knows: 0.352, 1.4, 4,210."""
    if figure >= 100:
        return f"{figure:,.0f}"
    if figure >= 10:
        return f"{figure:.1f}"
    return f"{figure:.3f}" if figure < 1 else f"{figure:.2f}"
