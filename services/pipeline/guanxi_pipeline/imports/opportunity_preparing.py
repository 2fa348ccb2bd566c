"""A row of a file as an opportunity, through the models and rules of requests; no database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from guanxi_pipeline.imports.rules import (
    demand_named_products,
    name_for,
    news_in,
    with_priced_lines,
)
from guanxi_pipeline.imports.stages import SAID, Place, place_of
from guanxi_pipeline.opportunities import rules
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.schemas import OpportunityCreate, OpportunityUpdate
from guanxi_pipeline.opportunities.service import DEFAULTS, begin
from guanxi_pipeline.pipelines.known import Known, Pipeline, Stage
from guanxi_pipeline.references.named import ACCOUNTS
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.filters import Clock
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import (
    HeldAgainst,
    keys_of,
    read_row,
    take_moment,
    validated,
)
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.rows import Row

MOMENTS = ("stage_entered_at", "closed_at")
Columns = dict[str, Any]


class Preparation:
    """Opportunities are also held against the pipelines that there are."""

    def __init__(self, held: HeldAgainst, taking: Taking, known: Known) -> None:
        self.held = held
        zone = taking.terms.options.time_zone
        self._zone = ZoneInfo(zone) if zone else taking.by.zone
        self._currency = taking.home.currency
        self._known = known
        usual = {**DEFAULTS, "owner_id": held.staff.by.user_id}
        self._base = held.empty_row(OPPORTUNITIES, usual)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        moments = {name: take_moment(found, document, self.held.cells, name) for name in MOMENTS}
        said = self._words(found, document)
        account = ACCOUNTS.take(found, document)
        name = document.get("name") or name_for(document, account)
        sent = self._sent(found, document, name)
        if sent is None or found.reasons:
            return found
        try:
            place = place_of(self._known, said, sent, self._columns())
            found.more |= moments
            self._settle(found, sent, place, has_name=bool(document.get("name")))
            if name is not None:
                self._prepare_new(found, place, name, created_at)
        except CellProblem as problem:
            cell = found.cells.get(problem.column, "")
            found.reasons.append(reason(problem.column, cell, problem.detail))
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _words(self, found: Prepared, document: Columns) -> dict[str, str]:
        """What says where it stands: of the row, else of the defaults."""
        given = {
            name: found.references.pop(name, None) or document.pop(name, None) for name in SAID
        }
        return {name: str(text) for name, text in given.items() if text}

    def _sent(self, found: Prepared, document: Columns, name: str | None) -> Columns | None:
        document = with_priced_lines(document, usual_currency=self._currency)
        if name is not None:
            document["name"] = name
        return validated(
            found, document, self.held.cells, new=OpportunityCreate, change=OpportunityUpdate,
            is_new=name is not None,
        )  # fmt: skip

    def _settle(self, found: Prepared, sent: Columns, place: Place, *, has_name: bool) -> None:
        """`more["sent"]` is what the row says, for a change of what is there; `more["closed_at"]` when it
        was closed, to the moment or else by its day."""
        found.wanted_id = sent.pop("id", None)
        demand_named_products(sent.get("lines", ()))
        clock = Clock(now=datetime.now(UTC), zone=self._zone)
        if (closed_at := found.more["closed_at"]) is not None:
            sent["closed_on"] = self.day_of(closed_at)
        elif "closed_on" in sent:
            found.more["closed_at"] = clock.midnight(sent["closed_on"])
        if sent.get("closed_on", clock.today) > clock.today:
            errors = {"closed_on": "Send a day that has passed."}
            raise Invalid("This day is still to come.", errors=errors)
        found.more["place"] = place
        found.more["sent"] = sent if has_name else {k: v for k, v in sent.items() if k != "name"}
        name = sent.get("name") if has_name else None
        found.keys = keys_of(self.held.options.key, sent, name)

    def _prepare_new(
        self, found: Prepared, place: Place, name: str, created_at: datetime | None
    ) -> None:
        """The whole row of a new record, but for its account. What stands against a new one says
        nothing against a change: it waits in `more["against_new"]`."""
        sent: Columns = {**found.more["sent"], "name": name}
        found.fresh = {}
        try:
            pipeline, stage = self.where(place)
            found.fresh = self._fresh(found, sent, pipeline, stage, created_at)
            found.more["where"] = (pipeline, stage)
        except Problem as problem:
            found.more["against_new"] = self.blame(problem, found.cells)

    def _fresh(
        self, found: Prepared, sent: Columns, pipeline: Pipeline, stage: Stage,
        created_at: datetime | None,
    ) -> Columns:  # fmt: skip
        now, closed_at = datetime.now(UTC), found.more["closed_at"]
        opened_on = sent.get("opened_on")
        if created_at is None and opened_on is not None:
            created_at = Clock(now=now, zone=self._zone).midnight(opened_on)
        elif created_at is not None and opened_on is None:
            day = self.day_of(created_at)
            sent = {**sent, "opened_on": min(day, sent.get("closed_on", day))}
        usual = {"probability": stage.probability}
        begun = begin(Clock(now=now, zone=self._zone), news_in(sent, usual), stage, now)
        begun["closed_at"] = closed_at or begun["closed_at"]
        since = found.more["stage_entered_at"] or begun["closed_at"] or created_at or now
        return {
            **self._base, **rules.columns_from(sent, {}), **begun, "pipeline_id": pipeline.id,
            "id": found.wanted_id or new_id(), "created_at": created_at, "stage_entered_at": since,
            "custom": self.held.custom({}, sent.get("custom", {})),
        }  # fmt: skip

    def where(self, place: Place, usual: Pipeline | None = None) -> tuple[Pipeline, Stage]:
        """The stage that a row means; without one the first of its status in its pipeline."""
        if place.stage is not None:
            return self._known.of_stage(place.stage.id), place.stage
        pipeline = place.pipeline or usual or self._known.default()
        return pipeline, pipeline.first(place.status or "open")

    def pipeline_of(self, row: Mapping[str, Any]) -> Pipeline:
        """Where a stored record stands, though its pipeline may be out of use by now."""
        return self._known.pipelines[row["pipeline_id"]]

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def knows(self, row: Mapping[str, Any]) -> bool:
        pipeline = self._known.pipelines.get(row["pipeline_id"])
        return pipeline is not None and row["stage_id"] in pipeline.stages

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        """Ids come from columns of names too."""
        status = ("status",) if field == "stage_id" else ()
        return self.held.cells.column_of(field, field.removesuffix("_id"), *status)

    def _columns(self) -> dict[str, str]:
        return {name: self.held.cells.column_of(name) or name for name in SAID}
