"""Rows of a file as one ticket and what became of it, through the models of requests; no database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from guanxi_shared.errors import Problem
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import (
    HeldAgainst,
    keys_of,
    read_row,
    take_moment,
    validated,
)
from guanxi_shared.imports.together import Group
from guanxi_shared.tables.rows import Row
from guanxi_tickets.imports.log_rules import Said
from guanxi_tickets.imports.named_settings import take_setting
from guanxi_tickets.references.named import ACCOUNTS, PEOPLE
from guanxi_tickets.ticket_settings.rules import Ways
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import TicketCreate, TicketUpdate
from guanxi_tickets.tickets.service import DEFAULTS

POLICY: Final = "sla_policy"
COLUMNS: Final = {"assignee_id": "owner"}  # fields whose columns are called otherwise
Document = dict[str, Any]


class TicketPreparation:
    """Tickets are also held against the states that there are."""

    def __init__(self, held: HeldAgainst, ways: Ways) -> None:
        self.held = held
        self.ways = ways
        begun = {**DEFAULTS, "custom": {}, "sla_breached": [], "reopened_count": 0}
        self.base = held.empty_row(TICKETS, begun)

    def prepare(self, row: Row) -> Prepared:
        return self.gather(Group([row], row.checkpoint))

    def gather(self, group: Group) -> Prepared:
        """`more["rows"]` are the rows themselves, each with its `said` if nothing is wrong with it;
        `fresh` says that they may begin a ticket."""
        rows = [self._read(row) for row in group.rows]
        first = rows[0]
        found = Prepared(first.number, first.line, first.cells, group.at, more={"rows": rows})
        found.keys = next((row.keys for row in rows if row.keys), ())
        found.wanted_id = next((row.wanted_id for row in rows if row.wanted_id), None)
        called = next((name for row in rows if (name := row.more.get("called"))), None)
        if called is not None:
            found.fresh = {"subject": called}
        return found

    def _read(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        changed_at = take_moment(found, document, self.held.cells, "changed_at")
        self._demand_past(found, created_at=created_at, changed_at=changed_at)
        ACCOUNTS.take(found, document)
        PEOPLE.take(found, document)
        take_setting(found, document, POLICY)
        status = self._status(found, document)
        if "owner_id" in document:
            document["assignee_id"] = document.pop("owner_id")
        sent = validated(
            found, document, self.held.cells, new=TicketCreate, change=TicketUpdate,
            is_new="subject" in document,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        found.wanted_id = sent.pop("id", found.wanted_id)
        found.keys = keys_of(self.held.options.key, sent, None)
        self._check_custom(found, sent)
        found.more |= {"created_at": created_at, "said": Said(changed_at, sent, status)}
        found.more["called"] = _subject_of(sent)
        return found

    def _demand_past(self, found: Prepared, **moments: datetime | None) -> None:
        for name, at in moments.items():
            if at is not None and at > datetime.now(UTC):
                column = self._column_of(name) or name
                cell = found.cells.get(column, "")
                found.reasons.append(reason(column, cell, f"{column}: {cell!r} is still to come"))

    def _status(self, found: Prepared, document: Document) -> str | None:
        """The key of a state that is named by its key or its name."""
        said = document.pop("status", None)
        if said is None:
            return None
        word = str(said).strip().casefold()
        for key, state in self.ways.states.items():
            if word in (key.casefold(), state.name.casefold()):
                return key
        column = self._column_of("status") or "status"
        known = ", ".join(self.ways.states)
        sentence = f"{column}: {str(said)!r} is no state here; there are: {known}"
        found.reasons.append(reason(column, str(said), sentence))
        return None

    def _check_custom(self, found: Prepared, sent: Mapping[str, Any]) -> None:
        try:
            self.held.custom({}, sent.get("custom", {}))
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        """Ids come from columns of names too."""
        other = COLUMNS.get(field, field.removesuffix("_id"))
        return self.held.cells.column_of(field, other)


def _subject_of(sent: Mapping[str, Any]) -> str | None:
    """What a ticket is called that the file has no subject for: how it begins, else its number."""
    texts: Sequence[Any] = (sent.get("subject"), sent.get("description"), sent.get("external_id"))
    words = next((text for text in texts if text and str(text).strip()), None)
    return None if words is None else " ".join(str(words).split())[:200]
