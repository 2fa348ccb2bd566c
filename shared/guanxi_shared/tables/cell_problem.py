"""The one failure of reading a value out of a cell."""


class CellProblem(ValueError):
    """`detail` is a sentence with the column, what stands there and what to do."""

    def __init__(self, column: str, text: str, advice: str) -> None:
        shown = text if len(text) <= 60 else f"{text[:57]}…"
        self.column = column
        self.detail = f"{column}: {shown!r} {advice}."
        super().__init__(self.detail)
