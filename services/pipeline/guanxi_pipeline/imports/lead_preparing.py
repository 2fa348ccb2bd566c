"""A row of a file as a lead, through the models and rules of requests; no database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from guanxi_pipeline.imports.lead_fields import CONSENTS
from guanxi_pipeline.leads import rules
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import LeadCreate, LeadUpdate
from guanxi_pipeline.leads.service import DEFAULTS
from guanxi_shared.errors import Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.tables.rows import Row

NAMED_BY: Final = frozenset({"name", "company", "emails", "phones"})
Columns = dict[str, Any]


class LeadPreparation:
    """Leads need nothing more than what all rows are held against."""

    def __init__(self, held: HeldAgainst) -> None:
        self.held = held
        self._base = held.empty_row(LEADS, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        is_new = bool(document.keys() & NAMED_BY)
        # As of a request: who says nothing of an owner asks the rules, who says null asks nobody.
        found.more["by_rules"] = "owner_id" not in document
        sent = validated(
            found, document, self.held.cells, new=LeadCreate, change=LeadUpdate, is_new=is_new
        )
        if sent is None or found.reasons:
            return found
        self._settle(found, sent)
        if is_new:
            self._prepare_new(found, created_at)
        return found

    def _settle(self, found: Prepared, sent: Columns) -> None:
        """`more` keeps what is laid over what a record has: its own fields and what was agreed to."""
        found.wanted_id = sent.pop("id", None)
        found.more["custom"] = sent.pop("custom", {})
        found.columns = rules.columns_from(sent, region=self.held.region)
        found.more[CONSENTS] = found.columns.pop(CONSENTS, [])
        found.keys = keys_of(self.held.options.key, found.columns, sent.get("name"))

    def _prepare_new(self, found: Prepared, created_at: datetime | None) -> None:
        """The whole row but for its owner and score. What stands against a new one says nothing against
        a change: it waits in `more["against_new"]`."""
        fresh: Columns = {
            **self._base, **found.columns, CONSENTS: found.more[CONSENTS],
            "id": found.wanted_id or new_id(), "created_at": created_at,
        }  # fmt: skip
        found.fresh = fresh
        try:
            fresh["custom"] = self.held.custom({}, found.more["custom"])
            fresh["name"] = rules.name_for(fresh)
            found.fresh = {**fresh, **rules.found_by(fresh)}
        except Problem as problem:
            found.more["against_new"] = self.blame(problem, found.cells)

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self.held.cells.column_of)
