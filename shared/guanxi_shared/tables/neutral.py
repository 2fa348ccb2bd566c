"""Cells that a spreadsheet would run, made harmless by a leading apostrophe and read back whole."""

import re

_RUNS = r"[=+\-@\t\r\n＝＋－＠]"
# Apostrophes that are already there count too: a text that happens to begin with '= must come back
# with its own apostrophe, so one is added on writing and exactly one taken away on reading.
_WOULD_RUN = re.compile(rf"'*{_RUNS}")
_NEUTRALISED = re.compile(rf"'+{_RUNS}")


def neutralise(text: str) -> str:
    """For text only: a number that is negative stays a number."""
    return f"'{text}" if _WOULD_RUN.match(text) else text


def restore(text: str) -> str:
    """The inverse of `neutralise`; other texts with an apostrophe in front stay as they are."""
    return text[1:] if text[:1] == "'" and _NEUTRALISED.match(text) else text


def runs(text: str) -> bool:
    """Whether a spreadsheet would take the bare text for a formula."""
    return text[:1] != "'" and _WOULD_RUN.match(text) is not None


def escaped(text: str) -> str:
    """For workbooks, where text is typed and cannot run: only what `restore` would shorten grows."""
    return f"'{text}" if _NEUTRALISED.match(text) else text
