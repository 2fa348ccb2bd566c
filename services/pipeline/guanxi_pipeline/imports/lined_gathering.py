"""Rows of a file as one record with lines (an order, a quote): what they say together; no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from guanxi_pipeline.imports.lined_rules import differing, in_one_currency
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.named_records import Named, take_named
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.together import Group
from guanxi_shared.tables.rows import Row

LOOKED_UP = UUID(int=0)  # stands for an account until it was looked up
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lined:
    """Records that are several rows each. `keys` are what they are recognised by besides their id; `aside`
    are cells that no model knows, `alike` what rows say besides `sent` and say alike; `of_line` and `of_record`
    name the columns of fields that are called otherwise."""

    noun: str
    plural: str
    new: type[BaseModel]
    change: type[BaseModel]
    keys: tuple[str, ...]
    aside: tuple[str, ...]
    alike: tuple[str, ...]
    of_line: Mapping[str, str]
    of_record: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deals: tuple[str, ...] = ()  # the fields that name an opportunity
    shaped: Callable[[Columns], Columns] = dict  # what is left to make of the document
    most_lines: int = 500

    @property
    def a_noun(self) -> str:
        return f"an {self.noun}" if self.noun[0] in "aeiou" else f"a {self.noun}"


class Gathering:
    """Makes one record of rows. `usual` is the currency of a column's cells, `usual[""]` of all others."""

    def __init__(self, held: HeldAgainst, lined: Lined, usual: Mapping[str, str]) -> None:
        self.held = held
        self._lined = lined
        self._usual = usual

    def read(self, row: Row) -> tuple[Prepared, Columns | None, Columns]:
        """One row by itself, as a record of one line; what it sends (None with reasons), and what it says
        aside."""
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found, None, {}
        aside = {name: document.pop(name, None) for name in self._lined.aside}
        ACCOUNTS.take(found, document)
        if self._lined.deals:
            take_named(found, document, "opportunity", self._lined.deals)
        document = self._lined.shaped(in_one_currency(document, self._usual))
        sent = validated(
            found, document, self.held.cells, new=self._lined.new, change=self._lined.change,
            is_new=True,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found, None, aside
        found.wanted_id = sent.pop("id", None)
        found.columns = sent
        found.more["created_at"] = created_at
        if "custom" in sent:
            try:
                sent["custom"] = self.held.custom({}, sent["custom"])
            except Problem as problem:
                found.reasons.extend(self.blame_row(problem, found))
        return found, sent, aside

    def together(self, group: Group, rows: Sequence[Prepared]) -> Prepared:
        """The record of these rows. `more["rows"]` are the rows themselves, with what is wrong with each;
        without reasons `more["sent"]` is what they say together, `more["line_rows"]` which row each line
        comes from."""
        first = rows[0]
        found = Prepared(first.number, first.line, first.cells, group.at, more={"rows": rows})
        if any(row.reasons for row in rows):
            return found
        sent = self._said(found, rows)
        if any(row.reasons for row in rows):
            return found
        key = self.held.options.key
        if key in self._lined.keys and sent.get(key):
            found.keys = [sent[key]]
        found.more["sent"] = sent
        return found

    def _said(self, found: Prepared, rows: Sequence[Prepared]) -> Columns:
        """A row that says something else than one before is to blame."""
        sent: Columns = {}
        line_rows: list[int] = []
        for place, row in enumerate(rows):
            said = {name: value for name, value in row.columns.items() if name != "lines"}
            said |= {n: row.more[n] for n in self._lined.alike if row.more.get(n) is not None}
            said |= {"id": row.wanted_id} if row.wanted_id is not None else {}
            for name in differing(sent, said):
                self._blame_difference(row, name, rows[0])
            sent = {**said, **sent}
            line_rows += [place] * len(row.columns.get("lines") or ())
        found.wanted_id = sent.pop("id", None)
        found.more |= {name: sent.pop(name, None) for name in self._lined.alike}
        found.more["line_rows"] = line_rows
        if lines := [line for row in rows for line in row.columns.get("lines") or ()]:
            sent["lines"] = lines
        if len(lines) > self._lined.most_lines:
            said_most = f"{self._lined.a_noun} has {self._lined.most_lines} at most."
            rows[0].reasons.append(reason(None, "", f"It has {len(lines)} lines; {said_most}"))
        return sent

    def _blame_difference(self, row: Prepared, name: str, first: Prepared) -> None:
        named = row.more.get(name)
        column = self.column_of(named.field if isinstance(named, Named) else name)
        cell = row.cells.get(column or "", "")
        where = f"{column}: " if column else ""
        sentence = (
            f"{where}{cell!r} is not what line {first.line} says of the same {self._lined.noun}"
        )
        row.reasons.append(reason(column, cell, sentence))

    def column_of(self, field: str) -> str | None:
        """Ids come from columns of names too."""
        return self.held.cells.column_of(field, field.removesuffix("_id"))

    def blame(self, found: Prepared, detail: str, errors: Mapping[str, str]) -> None:
        """A rule's refusal, on the rows that it is about: `lines.3.…` is the row of the fourth line."""
        rows, line_rows = found.more["rows"], found.more.get("line_rows", [])
        for told, sentence in (errors or {"": ""}).items():
            head, _, rest = told.partition(".")
            place, _, name = rest.partition(".")
            at = int(place) if head == "lines" and place.isdigit() else None
            row = rows[line_rows[at]] if at is not None and at < len(line_rows) else rows[0]
            if at is not None:
                called = self._lined.of_line.get(name, name)
            else:
                called = self._filled(row, self._lined.of_record.get(told, (told,)))
            single = Invalid(detail, errors={called: sentence})
            row.reasons.extend(self.blame_row(single, row))

    def _filled(self, row: Prepared, fields: Sequence[str]) -> str:
        """The first that the row fills."""
        filled = (f for f in fields if row.cells.get(self.column_of(f) or "", "").strip())
        return next(filled, fields[0])

    def blame_row(self, problem: Problem, row: Prepared) -> list[dict[str, Any]]:
        """Sentences that the whole problem says already are not said twice."""
        detail = problem.detail
        errors = {name: "" if said in detail else said for name, said in problem.errors.items()}
        return reasons_of(Invalid(detail, errors=errors), row.cells, self.column_of)


def usual_currencies(taking: Taking) -> Mapping[str, Any]:
    """Of the columns that say one, and (`""`) of the house."""
    return {"": taking.home.currency} | {
        str(found.path[-1]): rule.currency
        for rule, found in taking.columns.values()
        if rule.currency is not None
    }
