"""The value matrix as a picture: four quadrants with their customers and sums, and who is uncertain."""

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from guanxi_analytics.charts.label_rules import shortened, width_of

WIDTH, HEIGHT, LEFT, TOP, CELL, TALL, GAP = 9.6, 5.9, 0.75, 0.95, 4.2, 1.75, 0.1
# Place in columns and rows, by what is brought (to the right) and what may be brought (upwards).
PLACES: Final = {"grow": (0, 0), "protect": (1, 0), "maintain": (0, 1), "harvest": (1, 1)}
COLOURS: Final = {"grow": "#0072b2", "protect": "#d55e00", "maintain": "#5b616b", "harvest": "#009e73", "uncertain": "#646a73"}  # fmt: skip
INK, SOFT = "#1f2329", "#646a73"
LETTER: Final = 0.075


def draw_matrix(picture: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")

    def text(x: float, y: float, said: str, **more: Any) -> None:
        figure.text(x / WIDTH, 1 - y / HEIGHT, said, **{"va": "top", "color": INK, **more})

    text(0.3, 0.18, shortened(picture["title"], 84), size=14)
    text(0.3, 0.5, shortened(picture["subtitle"], 124), size=8.5, color=SOFT)
    if not picture["quadrants"]:
        _say(text, picture["sentence"])
        return figure
    most = max((each["customers"] for each in picture["quadrants"].values()), default=0) or 1
    for name, (column, row) in PLACES.items():
        x, y = LEFT + column * (CELL + GAP), TOP + row * (TALL + GAP)
        each = picture["quadrants"][name]
        _tile(figure, x, y, COLOURS[name], 0.08 + 0.22 * each["customers"] / most)
        text(
            x + 0.15,
            y + 0.14,
            shortened(each["label"], CELL / LETTER - 5),
            size=10,
            color=COLOURS[name],
        )
        text(x + 0.15, y + 0.42, f"{each['customers']:,}", size=24)
        for line, said in enumerate(each["sums"]):
            text(x + 0.15, y + 1.08 + 0.22 * line, said, size=9, color=SOFT)
    _axes(text, picture)
    return figure


def _tile(figure: Figure, x: float, y: float, colour: str, alpha: float) -> None:
    figure.add_artist(
        Rectangle(
            (x / WIDTH, 1 - (y + TALL) / HEIGHT), CELL / WIDTH, TALL / HEIGHT,
            facecolor=colour, alpha=alpha, linewidth=0, transform=figure.transFigure,
        )
    )  # fmt: skip


def _axes(text: Any, picture: Mapping[str, Any]) -> None:
    bottom = TOP + 2 * TALL + GAP
    text(LEFT + CELL + GAP / 2, bottom + 0.1, picture["across"], size=9, ha="center", color=SOFT)
    text(
        LEFT - 0.12,
        TOP + TALL + GAP / 2,
        picture["up"],
        size=9,
        rotation=90,
        ha="right",
        va="center",
        color=SOFT,
    )
    for line, note in enumerate(picture["notes"]):
        text(0.3, bottom + 0.42 + 0.21 * line, shortened(note, 150), size=8.5, color=SOFT)


def _say(text: Any, sentence: str) -> None:
    """Why there is nothing to show, over as many lines as it takes."""
    line, y = "", 1.3
    for word in sentence.split():
        if width_of(f"{line} {word}") > 90:
            text(0.3, y, line, size=11)
            line, y = word, y + 0.3
        else:
            line = f"{line} {word}".strip()
    text(0.3, y, line, size=11)
