"""Rows of a file as one order, through the models and rules of requests; no database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from guanxi_pipeline.imports.lined_gathering import (
    LOOKED_UP,
    Columns,
    Gathering,
    Lined,
    usual_currencies,
)
from guanxi_pipeline.imports.order_rules import demand_first, has_arrived, status_of, with_arrived
from guanxi_pipeline.orders.placing import NewOrder, new_order
from guanxi_pipeline.orders.schemas import OrderCreate, OrderUpdate
from guanxi_pipeline.orders.status_rules import status_after
from guanxi_shared.errors import Problem
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.imports.together import Group
from guanxi_shared.tables.rows import Row

ORDER_ROWS: Final = Lined(
    noun="order", plural="orders", new=OrderCreate, change=OrderUpdate, keys=("external_id", "number"),
    aside=("status", "fulfilled_on"), alike=("account", "created_at", "status"),
    of_line={"name": "product"},
)  # fmt: skip


class OrderPreparation:
    """Orders are also held against the day and the currency of the house."""

    def __init__(self, held: HeldAgainst, taking: Taking) -> None:
        self.held = held
        self.gathering = Gathering(held, ORDER_ROWS, usual_currencies(taking))
        self._zone = ZoneInfo(taking.home.time_zone)
        self._own_currency = taking.home.currency

    @property
    def today(self) -> date:
        return datetime.now(UTC).astimezone(self._zone).date()

    def prepare(self, row: Row) -> Prepared:
        return self.gather(Group([row], row.checkpoint))

    def gather(self, group: Group) -> Prepared:
        """The order of these rows (see lined_gathering.py). `more["arrived"]` says which of its lines did;
        `more["order"]` is the whole new one, but for its account, or `more["against_new"]` what stands
        against it."""
        rows = [self._read(row) for row in group.rows]
        found = self.gathering.together(group, rows)
        if (sent := found.more.get("sent")) is None:
            return found
        found.more["arrived"] = [each for row in rows for each in row.more["arrived"]]
        found.more["has_arrived"] = all(row.more["has_arrived"] for row in rows)
        try:
            found.more["order"] = self._new(found, sent)
        except Problem as problem:
            found.more["against_new"] = (problem.detail, dict(problem.errors))
        return found

    def _read(self, row: Row) -> Prepared:
        found, sent, aside = self.gathering.read(row)
        if sent is None:
            return found
        found.more["status"] = aside["status"]
        try:
            day = aside["fulfilled_on"] and date.fromisoformat(str(aside["fulfilled_on"]))
            arrived = has_arrived(day, sent.get("ordered_on"), self.today)
            found.more["arrived"] = [arrived] * len(sent.get("lines") or ())
            found.more["has_arrived"] = arrived
        except Problem as problem:
            found.reasons.extend(self.gathering.blame_row(problem, found))
        except ValueError:
            cell = str(aside["fulfilled_on"])
            found.reasons.append(reason("fulfilled_on", cell, f"{cell!r} is not a day"))
        return found

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
