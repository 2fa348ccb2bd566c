"""Rows of a file as one order, through the models and rules of requests; no database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_pipeline.imports.account_cells import take_account
from guanxi_pipeline.imports.blaming import reasons_of
from guanxi_pipeline.imports.order_rules import (
    demand_first,
    differing,
    has_arrived,
    in_one_currency,
    status_of,
    with_arrived,
)
from guanxi_pipeline.orders.placing import NewOrder, new_order
from guanxi_pipeline.orders.schemas import OrderCreate, OrderUpdate
from guanxi_pipeline.orders.status_rules import status_after
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, read_row, validated
from guanxi_shared.imports.together import Group
from guanxi_shared.tables.rows import Row

MOST_LINES = 500
LOOKED_UP = UUID(int=0)  # stands for an account until it was looked up
ASIDE = ("status", "fulfilled_on")
ALIKE = ("account", "created_at", "status")  # what rows say besides `sent`, and say alike
KEYS = ("external_id", "number")
Columns = dict[str, Any]


class OrderPreparation:
    """Orders are also held against the day and the currency of the house."""

    def __init__(self, held: HeldAgainst, taking: Taking) -> None:
        self.held = held
        self._zone = ZoneInfo(taking.home.time_zone)
        self._own_currency = taking.home.currency
        self._usual = {"": taking.home.currency} | {
            str(found.path[-1]): rule.currency
            for rule, found in taking.columns.values()
            if rule.currency is not None
        }

    @property
    def today(self) -> date:
        return datetime.now(UTC).astimezone(self._zone).date()

    def prepare(self, row: Row) -> Prepared:
        return self.gather(Group([row], row.checkpoint))

    def gather(self, group: Group) -> Prepared:
        """The order of these rows. `more["rows"]` are the rows themselves, with what is wrong with each;
        `more["sent"]` is what they say together, `more["line_rows"]` which row each line comes from,
        `more["arrived"]` whether it did; `more["order"]` is the whole new one, but for its account, or
        `more["against_new"]` what stands against it."""
        rows = [self._read(row) for row in group.rows]
        first = rows[0]
        found = Prepared(first.number, first.line, first.cells, group.at, more={"rows": rows})
        if any(row.reasons for row in rows):
            return found
        sent = self._together(found, rows)
        if any(row.reasons for row in rows):
            return found
        if key := sent.get(self.held.options.key) if self.held.options.key in KEYS else None:
            found.keys = [key]
        found.more["sent"] = sent
        try:
            found.more["order"] = self._new(found, sent)
        except Problem as problem:
            found.more["against_new"] = (problem.detail, dict(problem.errors))
        return found

    def _read(self, row: Row) -> Prepared:
        """One row by itself, as an order of one line."""
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        aside = {name: document.pop(name, None) for name in ASIDE}
        take_account(found, document)
        document = in_one_currency(document, self._usual)
        sent = validated(
            found, document, self.held.cells, new=OrderCreate, change=OrderUpdate, is_new=True
        )
        if sent is None or found.reasons:
            return found
        found.wanted_id = sent.pop("id", None)
        found.columns = sent
        found.more |= {"created_at": created_at, "status": aside["status"]}
        try:
            day = aside["fulfilled_on"] and date.fromisoformat(str(aside["fulfilled_on"]))
            arrived = has_arrived(day, sent.get("ordered_on"), self.today)
            found.more["arrived"] = [arrived] * len(sent.get("lines") or ())
            found.more["has_arrived"] = arrived
            if "custom" in sent:
                sent["custom"] = self.held.custom({}, sent["custom"])
        except Problem as problem:
            found.reasons.extend(self.blame_row(problem, found))
        except ValueError:
            cell = str(aside["fulfilled_on"])
            found.reasons.append(reason("fulfilled_on", cell, f"{cell!r} is not a day"))
        return found

    def _together(self, found: Prepared, rows: Sequence[Prepared]) -> Columns:
        """What the rows say of their order; a row that says something else than one before is to blame."""
        sent: Columns = {}
        line_rows: list[int] = []
        for place, row in enumerate(rows):
            said = {name: value for name, value in row.columns.items() if name != "lines"}
            said |= {n: row.more[n] for n in ALIKE if row.more.get(n) is not None}
            said |= {"id": row.wanted_id} if row.wanted_id is not None else {}
            for name in differing(sent, said):
                self._blame_difference(row, name, rows[0])
            sent = {**said, **sent}
            line_rows += [place] * len(row.columns.get("lines") or ())
        found.wanted_id = sent.pop("id", None)
        found.more |= {name: sent.pop(name, None) for name in ALIKE}
        found.more["line_rows"] = line_rows
        found.more["arrived"] = [each for row in rows for each in row.more["arrived"]]
        found.more["has_arrived"] = all(row.more["has_arrived"] for row in rows)
        if lines := [line for row in rows for line in row.columns.get("lines") or ()]:
            sent["lines"] = lines
        if len(lines) > MOST_LINES:
            rows[0].reasons.append(
                reason(None, "", f"It has {len(lines)} lines; an order has {MOST_LINES} at most.")
            )
        return sent

    def _blame_difference(self, row: Prepared, name: str, first: Prepared) -> None:
        column = self.column_of(row.more["account"].field if name == "account" else name)
        cell = row.cells.get(column or "", "")
        where = f"{column}: " if column else ""
        row.reasons.append(
            reason(
                column,
                cell,
                f"{where}{cell!r} is not what line {first.line} says of the same order",
            )
        )

    def _new(self, found: Prepared, sent: Columns) -> NewOrder:
        """A whole new order, its account left to be looked up. What is partly here was placed."""
        arrived = found.more["arrived"]
        status = status_of(found.more["status"], sent.get("ordered_on"), arrived)
        is_partly = found.more["status"] is None and status == "partly_fulfilled"
        if not is_partly:
            demand_first(status)
        wanted = {"owner_id": self.held.staff.by.user_id, **sent}
        wanted |= {"status": "placed" if is_partly else status}
        if found.more["account"] is not None:
            wanted["account_id"] = LOOKED_UP
        if found.wanted_id is not None:
            wanted["id"] = found.wanted_id
        wanted["custom"] = self.held.custom({}, sent.get("custom", {}))
        new = new_order(
            wanted,
            organisation=self.held.terms.organisation_id,
            own_currency=self._own_currency,
            today=self.today,
        )
        row, lines = new.row, new.lines
        if is_partly:
            lines = with_arrived(lines, arrived)
            row = {**row, "status": status_after("placed", lines)}
        if (created_at := found.more["created_at"]) is not None:
            row = {**row, "created_at": min(created_at, row["updated_at"])}
        return replace(new, row=row, lines=lines)

    def column_of(self, field: str) -> str | None:
        """Ids come from columns of names too; a line's fields are called as they are in the file."""
        product = ("product",) if field == "name" else ()
        return self.held.cells.column_of(field, field.removesuffix("_id"), *product)

    def blame(self, found: Prepared, detail: str, errors: Mapping[str, str]) -> None:
        """A rule's refusal, on the rows that it is about: `lines.3.…` is the row of the fourth line."""
        rows, line_rows = found.more["rows"], found.more.get("line_rows", [])
        for field, sentence in (errors or {"": ""}).items():
            head, _, rest = field.partition(".")
            place, _, name = rest.partition(".")
            at = int(place) if head == "lines" and place.isdigit() else None
            row = rows[line_rows[at]] if at is not None and at < len(line_rows) else rows[0]
            single = Invalid(detail, errors={(name if at is not None else field): sentence})
            row.reasons.extend(self.blame_row(single, row))

    def blame_row(self, problem: Problem, row: Prepared) -> list[dict[str, Any]]:
        """Sentences that the whole problem says already are not said twice."""
        detail = problem.detail
        errors = {name: "" if said in detail else said for name, said in problem.errors.items()}
        return reasons_of(Invalid(detail, errors=errors), row.cells, self.column_of)
