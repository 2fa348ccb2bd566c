"""What becomes of a record of several rows: it is made, changed, or refused with all of its rows."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.imports.lined_gathering import Gathering, Lined
from guanxi_pipeline.imports.lined_there import There, word_of
from guanxi_pipeline.products.named import FoundProducts
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_shared.errors import Problem
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.named_records import Named, NamedRecord
from guanxi_shared.imports.prepared import CREATED, SKIPPED, UNCHANGED, Outcome, Prepared, Terms
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.records import Loaded

CREATE: Final = "create"


class Deciding:
    """What a dry run would have made is kept in memory: keys and numbers, which later rows are held
    against."""

    def __init__(self, terms: Terms, preparer: Preparer[Any], lined: Lined) -> None:
        self._terms = terms
        self._preparer = preparer
        self._lined = lined
        self._planned: set[str | None] = set()
        self._planned_numbers: set[str | None] = set()

    def refuse(self, record: Prepared, outcome: Outcome, sentence: str | None = None) -> None:
        """All of its rows; those with which nothing is wrong say why all the same."""
        rows: list[Prepared] = record.more["rows"]
        if sentence is not None:
            rows[0].reasons.append(reason(None, "", sentence))
        wrong = next((row for row in rows if row.reasons), rows[0])
        said = f"The {self._lined.noun} is refused for what stands in line {wrong.line}."
        for row in rows:
            outcome.refuse(row, *([] if row.reasons else [reason(None, "", said)]))

    def refused_already(self, record: Prepared, outcome: Outcome) -> bool:
        """What is wrong with a record as such (the database refused it) is told with its first row."""
        rows: list[Prepared] = record.more["rows"]
        rows[0].reasons.extend(each for each in record.reasons if each not in rows[0].reasons)
        if not any(row.reasons for row in rows):
            return False
        self.refuse(record, outcome)
        return True

    def each(
        self, records: Sequence[Prepared], gathering: Gathering, outcome: Outcome,
        decide: Callable[[Prepared], None],
    ) -> None:  # fmt: skip
        """`decide` for one after the other; what a rule refuses is told with the rows that it is about."""
        for record in records:
            try:
                decide(record)
            except Problem as problem:
                gathering.blame(record, problem.detail, problem.errors)
                self.refuse(record, outcome)

    def account_of(self, record: Prepared, there: There) -> NamedRecord | None:
        named: Named | None = record.more["account"]
        column = self._preparer.column_of(named.field) if named is not None else ""
        return ACCOUNTS.meant(record.more["rows"][0], named, there.accounts, column)

    def blame_unknown_products(self, record: Prepared, products: FoundProducts) -> None:
        """Rows whose line names a product by an id that there is not."""
        lines = record.more["sent"].get("lines") or ()
        for line, place in zip(lines, record.more["line_rows"], strict=True):
            if products.lacks(line):
                column = self._preparer.column_of("product_id")
                text = str(line["product_id"])
                sentence = f"{column}: {text!r}: there is no such product"
                record.more["rows"][place].reasons.append(reason(column, text, sentence))

    def decide(self, record: Prepared, there: There, outcome: Outcome) -> str | Loaded | None:
        """`CREATE`, the record to change, or None when the rows are done with."""
        if any(row.reasons for row in record.more["rows"]):
            self.refuse(record, outcome)
            return None
        word = word_of(self._terms.options.key, record)
        matches = [] if word is None else there.known.get(word, [])
        is_planned = word is not None and word in self._planned
        policy, key = self._terms.options.duplicates, self._terms.options.key
        size = len(record.more["rows"])
        if policy == "create" or not (matches or is_planned):
            return CREATE
        if policy == "skip":
            outcome.counts[SKIPPED] += size
        elif policy == "refuse":
            said = f"There is {self._lined.a_noun} with this {key} already."
            self.refuse(record, outcome, said)
        elif is_planned:
            outcome.counts[UNCHANGED] += size  # a dry run has no record to compare with
        elif len(matches) > 1:
            said = f"{len(matches)} {self._lined.plural} have this {key}; delete the others first."
            self.refuse(record, outcome, said)
        else:
            return self._changeable(record, there, matches[0], outcome)
        return None

    def _changeable(
        self, record: Prepared, there: There, id: UUID, outcome: Outcome
    ) -> Loaded | None:
        loaded = there.loaded.get(id)
        row = None if loaded is None else loaded.row
        if row is None or row["deleted_at"] is not None or not there.scope.may_write(
            id=id, owner_id=row["owner_id"], team_id=row["team_id"]
        ):  # fmt: skip
            key = self._terms.options.key
            said = f"This {key} belongs to {self._lined.a_noun} that you may not change."
            self.refuse(record, outcome, said)
            return None
        return loaded

    def against_new(self, record: Prepared, there: There) -> str | None:
        """Why a record of this id or number cannot be made."""
        id, number = record.wanted_id, record.more["sent"].get("number")
        if id is not None and (id in there.deleted or str(id) in there.known):
            said = "was deleted; restore it instead" if id in there.deleted else "is there"
            return f"The {self._lined.noun} with this id {said}."
        if number is not None and (number in there.taken or number in self._planned_numbers):
            return f"There is {self._lined.a_noun} {number!r} already."
        return None

    def note_new(self, record: Prepared, there: There, id: UUID, outcome: Outcome) -> None:
        """Later rows of the file are held against it."""
        number = record.more["sent"].get("number")
        if number is not None:
            there.taken.add(number)
        word = word_of(self._terms.options.key, record)
        if word is not None and record.keys and self._terms.options.duplicates != "create":
            there.known.setdefault(word, []).append(id)
        if self._terms.is_dry:
            self._planned.add(word)
            self._planned_numbers.add(number)
        outcome.counts[CREATED] += len(record.more["rows"])
