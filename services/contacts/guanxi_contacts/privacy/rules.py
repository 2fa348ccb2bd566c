"""Pure decisions of erasures."""

from collections import Counter
from collections.abc import Iterable, Mapping


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Rows of each place over all steps; places without any are left out."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {place: rows for place, rows in sorted(total.items()) if rows}
