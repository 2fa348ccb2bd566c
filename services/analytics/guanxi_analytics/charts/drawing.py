"""Pictures by matplotlib, as SVG or PNG: in the process beside, which alone loads it.

Everything is placed in inches, so that the picture is as tall as what it shows and nothing overlaps. Texts are outlines in
SVG: it looks the same on machines without a Chinese font. Nothing that people typed is read as markup.
"""

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

if folder := os.environ.get("GUANXI_DATA_DIR"):  # its list of fonts takes a second to make
    os.environ.setdefault("MPLCONFIGDIR", os.path.join(folder, "cache", "matplotlib"))

import matplotlib as mpl
import pylopdf_fonts_zh_cn
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from guanxi_analytics.charts.label_rules import compact, shortened, width_of
from guanxi_analytics.charts.matrix import draw_matrix

FONT: Final = str(pylopdf_fonts_zh_cn.sans_path())
LETTERS: Final = frozenset(get_font(FONT).get_charmap())
EUROPEAN: Final = "DejaVu Sans"  # matplotlib's own
fontManager.addfont(FONT)
CHINESE: Final = FontProperties(fname=FONT).get_name()
mpl.rcParams.update(
    {
        "font.family": CHINESE, "font.size": 9.0,
        "axes.unicode_minus": False, "text.parse_math": False, "svg.fonttype": "path",
        "svg.hashsalt": "guanxi", "axes.spines.top": False, "axes.spines.right": False,
        "axes.edgecolor": "#8a8f98", "axes.linewidth": 0.6, "xtick.color": "#4a4f57",
        "ytick.color": "#2b2f36", "xtick.major.width": 0.6, "ytick.major.size": 0,
    }
)  # fmt: skip

WIDTH, MARGIN, GAP = 9.6, 0.3, 0.3
HEAD, FOOT, LINE = 0.78, 0.22, 0.2
LETTER: Final = 0.075  # inches of a Latin letter at 9 points
INK, SOFT, GRID, PALE = "#1f2329", "#646a73", "#e3e6ea", "#c3cad4"
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LONGEST: Final = (64, 50, 42, 34)  # labels of bars, in letters, by the number of panels
DPI: Final = 144


def draw(picture: Mapping[str, Any], format: str) -> bytes:
    """A document of `picture_rules.picture_of` (or of a value matrix) as `svg` or `png`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font has not are drawn as boxes
        figure = draw_matrix(picture) if "quadrants" in picture else _figure(picture)
        return _written(figure, str(picture["title"]), format)


def _written(figure: Figure, title: str, format: str) -> bytes:
    _spell(figure)
    target = io.BytesIO()
    if format == "svg":
        FigureCanvasSVG(figure)
        figure.savefig(target, format="svg", metadata={"Date": None, "Title": title})
    else:
        FigureCanvasAgg(figure)
        figure.savefig(target, format="png", dpi=DPI, metadata={"Title": title})
    return target.getvalue()


def _spell(figure: Figure) -> None:
    """Texts with letters that the Chinese font has not (š, ő, ł) are of the other one: left to itself, the layout puts
    a letter and its accent side by side."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if any(ord(letter) not in LETTERS for letter in text.get_text() if letter.isalpha()):
            text.set_fontfamily([EUROPEAN, CHINESE])


class Sheet:
    """A figure that is filled from its top, in inches."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.figure = Figure(figsize=(WIDTH, height), facecolor="white")
        self.y = 0.0

    def text(self, x: float, y: float, text: str, **more: Any) -> None:
        self.figure.text(x / WIDTH, 1 - y / self.height, text, va="top", **more)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        return self.figure.add_axes(
            (x / WIDTH, 1 - (y + height) / self.height, width / WIDTH, height / self.height)
        )


def _figure(picture: Mapping[str, Any]) -> Figure:
    blocks, notes = picture["blocks"], picture["notes"]
    heights = [_height(block) for block in blocks] or [1.0]
    sheet = Sheet(HEAD + sum(heights) + LINE * len(notes) + FOOT)
    sheet.text(MARGIN, 0.18, shortened(picture["title"], 84), size=14, color=INK)
    sheet.text(MARGIN, 0.49, shortened(picture["subtitle"], 120), size=8.5, color=SOFT)
    top = HEAD
    for block, height in zip(blocks, heights, strict=False):
        PLACED[block["kind"]](sheet, top, block, picture["language"])
        top += height
    if not blocks:
        sheet.text(WIDTH / 2, top + 0.35, picture["nothing"], size=12, color=SOFT, ha="center")
        top += heights[0]
    for number, note in enumerate(notes):
        sheet.text(MARGIN, top + 0.04 + LINE * number, shortened(note, 140), size=8, color=SOFT)
    return sheet.figure


def _row_height(block: Mapping[str, Any]) -> float:
    return 0.36 if _is_compared(block) else 0.27


def _is_compared(block: Mapping[str, Any]) -> bool:
    return any(v is not None for p in block["panels"] for s in p["series"] for v in s["before"])


def _height(block: Mapping[str, Any]) -> float:
    count = len(block["panels"])
    if block["kind"] == "bars":
        return 0.62 + _row_height(block) * len(block["labels"]) + 0.1
    if block["kind"] == "numbers":
        return 1.25
    return _time_height(block) * (1 if count == 1 else -(-count // 2))


def _time_height(block: Mapping[str, Any]) -> float:
    lines = max((len(panel["series"]) for panel in block["panels"]), default=1)
    return 2.75 + (0.2 * -(-lines // 2) if lines > 1 else 0)


def _bars(sheet: Sheet, top: float, block: Mapping[str, Any], language: str) -> None:
    """A panel beside the other, the labels once at the left."""
    panels = block["panels"]
    labels = [shortened(label, LONGEST[len(panels) - 1]) for label in block["labels"]]
    left = MARGIN + 0.12 + LETTER * max(width_of(label) for label in labels)
    width = (WIDTH - MARGIN - left - GAP * (len(panels) - 1)) / len(panels)
    row, count = _row_height(block), len(labels)
    for number, panel in enumerate(panels):
        x = left + number * (width + GAP)
        sheet.text(x, top + 0.06, shortened(panel["title"], width / LETTER), size=9, color=INK)
        axes = sheet.axes(x, top + 0.34, width, row * count)
        [series] = panel["series"]
        _lie(axes, series, panel["unit"], language, width)
        axes.set_ylim(count - 0.5, -0.5)
        axes.set_yticks(range(count), labels if number == 0 else [""] * count, fontsize=9)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)


def _lie(axes: Axes, series: Mapping[str, Any], unit: str, language: str, width: float) -> None:
    """Bars from the left (or, of what is negative, to the left), each with its value; the earlier ones below."""
    values, before = series["values"], series["before"]
    is_compared = any(value is not None for value in before)
    thick, shift = (0.42, 0.2) if is_compared else (0.62, 0.0)
    known = [value for value in (*values, *before) if value is not None] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    span = (high - low) or 1.0
    room = min(0.45, 0.62 / width)  # for the value at a bar's end
    low = low - span * room / (1 - room) if low < 0 else 0.0
    axes.set_xlim(low, high + span * room / (1 - room) if high > 0 or low == 0 else span * 0.02)
    axes.axvline(0, color="#8a8f98", linewidth=0.6)
    axes.spines["left"].set_visible(False)
    for at, (value, old) in enumerate(zip(values, before, strict=True)):
        if old is not None:
            axes.barh(at + shift, old, height=thick * 0.7, color=PALE)
        if value is None:
            axes.annotate(
                "–", (0, at - shift), (3, 0), textcoords="offset points", va="center", color=SOFT
            )
            continue
        axes.barh(at - shift, value, height=thick, color=COLOURS[0] if value >= 0 else COLOURS[1])
        axes.annotate(
            compact(value, unit, language), (value, at - shift), (3 if value >= 0 else -3, 0),
            textcoords="offset points", va="center", ha="left" if value >= 0 else "right",
            fontsize=8, color=INK,
        )  # fmt: skip


def _times(sheet: Sheet, top: float, block: Mapping[str, Any], language: str) -> None:
    """One panel over the whole width, several in two columns."""
    panels, height = block["panels"], _time_height(block)
    columns = 1 if len(panels) == 1 else 2
    axis = 0.62  # for the numbers at the left
    width = (WIDTH - 2 * MARGIN - axis * columns - GAP * (columns - 1)) / columns
    for number, panel in enumerate(panels):
        x = MARGIN + axis + (number % columns) * (width + axis + GAP)
        y = top + (number // columns) * height
        sheet.text(
            x - axis,
            y + 0.06,
            shortened(panel["title"], (width + axis) / LETTER),
            size=9,
            color=INK,
        )
        taken = _legend(sheet, x - axis, y + 0.28, width + axis, panel["series"])
        axes = sheet.axes(x, y + 0.34 + taken, width, height - 0.74 - taken)
        (_lines if block["kind"] == "line" else _columns)(axes, panel["series"])
        _measured(axes, panel, language)
        _labelled(axes, block["labels"], width)


def _legend(sheet: Sheet, x: float, y: float, width: float, series: Sequence[Any]) -> float:
    """Names of lines in their colours, two in a row; how tall they are."""
    named = [each for each in series if each["name"]]
    if len(series) < 2:
        return 0.0
    for number, each in enumerate(named):
        sheet.text(
            x + (number % 2) * width / 2, y + (number // 2) * 0.2,
            "■ " + shortened(each["name"], width / 2 / LETTER - 4), size=8.5, color=COLOURS[number],
        )  # fmt: skip
    return 0.2 * -(-len(named) // 2)


def _lines(axes: Axes, series: Sequence[Any]) -> None:
    for number, each in enumerate(series):
        values = [float("nan") if value is None else value for value in each["values"]]
        before = [float("nan") if value is None else value for value in each["before"]]
        dots = "o" if len(values) <= 40 else ""
        if any(value is not None for value in each["before"]):
            axes.plot(range(len(before)), before, color=PALE, linewidth=2.2, zorder=1.5)
        axes.plot(
            range(len(values)),
            values,
            color=COLOURS[number],
            linewidth=1.6,
            marker=dots,
            markersize=3,
        )
    axes.margins(x=0.02)


def _columns(axes: Axes, series: Sequence[Any]) -> None:
    thick = 0.8 / len(series)
    for number, each in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * thick
        is_compared = any(value is not None for value in each["before"])
        for at, (value, old) in enumerate(zip(each["values"], each["before"], strict=True)):
            if old is not None:
                axes.bar(at - 0.2, old, width=0.34, color=PALE)
            if value is not None:
                colour = COLOURS[number] if value >= 0 or len(series) > 1 else COLOURS[1]
                place, wide = (at + 0.16, 0.42) if is_compared else (at + shift, thick * 0.9)
                axes.bar(place, value, width=wide, color=colour)
    count = len(series[0]["values"])
    side = max(0.0, (6 - count) / 2)  # few columns are no wider than others
    axes.set_xlim(-0.6 - side, count - 0.4 + side)


def _measured(axes: Axes, panel: Mapping[str, Any], language: str) -> None:
    low, high = axes.get_ylim()
    known = [v for s in panel["series"] for v in (*s["values"], *s["before"]) if v is not None]
    if all(value >= 0 for value in known):
        low = 0.0
    if not any(known):
        high = 1.0
    axes.set_ylim(low, 100.0 if panel["unit"] == "percent" and high > 95 else high)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=panel["unit"] == "count"))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: compact(value, panel["unit"], language))
    )
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    if low < 0:
        axes.axhline(0, color="#8a8f98", linewidth=0.6)


def _labelled(axes: Axes, labels: Sequence[str], width: float) -> None:
    """As many of the labels as have room beside each other, the last one among them."""
    shown = [shortened(label, 14) for label in labels]
    wide = LETTER * max(width_of(label) for label in shown) + 0.14
    each = max(1, -(-len(shown) // max(1, int(width / wide))))
    places = list(range(len(shown) - 1, -1, -each))[::-1]
    axes.set_xticks(places, [shown[n] for n in places], fontsize=8)


def _numbers(sheet: Sheet, top: float, block: Mapping[str, Any], language: str) -> None:
    panels = block["panels"]
    width = (WIDTH - 2 * MARGIN) / len(panels)
    for number, panel in enumerate(panels):
        x = MARGIN + number * width
        [series] = panel["series"]
        sheet.text(x, top + 0.06, shortened(panel["title"], width / LETTER - 2), size=9, color=SOFT)
        sheet.text(
            x, top + 0.3, compact(series["values"][0], panel["unit"], language), size=22, color=INK
        )
        if (old := series["before"][0]) is not None:
            sheet.text(
                x, top + 0.82, compact(old, panel["unit"], language), size=11, color="#9aa2ad"
            )


PLACED: Final = {"bars": _bars, "columns": _times, "line": _times, "numbers": _numbers}
