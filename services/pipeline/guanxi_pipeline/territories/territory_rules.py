"""Which territory an account is in: pure decisions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

# What a territory asks, and of which part of an account.
ASKED: Final[Mapping[str, str]] = {
    "countries": "country", "regions": "region", "provinces": "province", "cities": "city",
    "industries": "industry", "grades": "grade",
}  # fmt: skip
# What decides where accounts are, and in which order.
DECIDING: Final = frozenset({*ASKED, "rank", "name"})
Row = Mapping[str, Any]
Account = tuple[str | None, ...]  # as `account_of` gives it


def folded(text: str | None) -> str | None:
    return None if text is None else text.strip().casefold()


def account_of(row: Row) -> Account:
    """What territories ask of an account, in the order of ASKED."""
    return tuple(folded(row[name]) for name in ASKED.values())


class Territories:
    """The territories that there are. By rule an account is in the first of them, by rank, name and id, of which every
    list that says something has it; one that asks nothing has no account by rule."""

    def __init__(self, rows: Iterable[Row]) -> None:
        ordered = sorted(rows, key=lambda row: (row["rank"], row["name"], row["id"]))
        self._there = {row["id"] for row in ordered}
        self._asking = [(row["id"], lists) for row in ordered if any(lists := _lists_of(row))]
        self._known: dict[Account, UUID | None] = {}

    def of(self, row: Row) -> tuple[UUID, bool] | None:
        """(territory, whether by hand) of an account; None where it is in none, or gone. `pinned_id` is where somebody put
        it, which counts as long as that is there."""
        if row["is_gone"]:
            return None
        if row["pinned_id"] in self._there:
            return row["pinned_id"], True
        found = self._by_rule(account_of(row))
        return None if found is None else (found, False)

    def _by_rule(self, account: Account) -> UUID | None:
        if account not in self._known:
            self._known[account] = next(
                (id for id, lists in self._asking if _has(lists, account)), None
            )
        return self._known[account]


def _lists_of(row: Row) -> Sequence[Collection[str | None]]:
    return [frozenset(map(folded, row[name])) for name in ASKED]


def _has(lists: Sequence[Collection[str | None]], account: Account) -> bool:
    return all(not asked or value in asked for asked, value in zip(lists, account, strict=True))
