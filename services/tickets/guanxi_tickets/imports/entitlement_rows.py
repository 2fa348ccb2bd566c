"""Rows of a file as entitlements of accounts: what is granted, for how long, and what was used before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.columns import named, text, typed
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import (
    HeldAgainst,
    keys_of,
    read_row,
    take_moment,
    validated,
)
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.tables.rows import Row
from guanxi_shared.validation_words import message_of
from guanxi_tickets.entitlements import claim_rules
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.entitlements.schemas import Amount, EntitlementCreate, EntitlementUpdate
from guanxi_tickets.entitlements.service import NAMED, TIMED, term_of
from guanxi_tickets.imports.named_settings import find_settings, take_setting
from guanxi_tickets.imports.setting_cells import refuse
from guanxi_tickets.imports.ticket_fields import KINDS
from guanxi_tickets.references.named import ACCOUNTS

ACCOUNT: Final = "account"
LOOKED_UP: Final = UUID(int=0)  # stands for an account until it was looked up
WHOLE: Final = frozenset({"name", "unit", "valid_from", "valid_until"})
SETTINGS: Final = {field.removesuffix("_id"): table for field, table in NAMED.items()}
FOR_GOOD: Final = {"account_id": "account", "unit": "unit", "time_zone": "time zone"}
USED: Final[TypeAdapter[Decimal]] = TypeAdapter(Amount)
EXTERNAL: Final = "x:"
UNITS: Final = {
    "incident": "incidents", "tickets": "incidents", "cases": "incidents", "次数": "incidents", "工单": "incidents",
    "hour": "hours", "h": "hours", "小时": "hours", "visit": "visits", "上门": "visits",
}  # fmt: skip
DEFAULTS: Final = {
    "covers_children": False, "kinds": [], "used": Decimal(0), "is_active": True, "remind_days": 30,
    "is_account_verified": True,
}  # fmt: skip
BY_EXTERNAL_ID: Final = """
SELECT id FROM entitlements
WHERE organisation_id = $1 AND external_id = ANY($2::text[]) AND deleted_at IS NULL
"""
RENEWED: Final = """
SELECT renewed_from_id FROM entitlements
WHERE organisation_id = $1 AND renewed_from_id = ANY($2::uuid[]) AND deleted_at IS NULL
"""
BOOK: Final = """
INSERT INTO entitlement_bookings (organisation_id, id, entitlement_id, amount, why, note, booked_by, created_at)
SELECT $1, line.id, line.entitlement_id, line.amount, 'booked', $5, $6, $7
FROM unnest($2::uuid[], $3::uuid[], $4::numeric[]) AS line (id, entitlement_id, amount)
"""
NOTE: Final = "Used before it was imported."
_ALL = (
    text("id", "guanxi id"),
    text("external_id", "external id", "contract number", "contract id", "外部编号", "合同编号"),
    text("name", "entitlement", "contract", "contract name", "名称", "服务合同"),
    named("account_id"),
    named("account_external_id", "customer number", "account number", "客户编号"),
    named(ACCOUNT, "account name", "company", "customer", "客户", "客户名称", "公司"),
    ImportField("unit", ("unit",), f.WORD, ("单位", "计量单位"), UNITS),
    typed("granted", f.NUMBER, "quantity", "included", "额度", "总量"),
    typed("used", f.NUMBER, "consumed", "已用"),
    typed("valid_from", f.DAY, "start", "start date", "begins on", "开始日期", "生效日期"),
    typed("valid_until", f.DAY, "end", "end date", "expires on", "结束日期", "到期日期"),
    text("time_zone", "时区"),
    typed("covers_children", f.BOOLEAN, "covers subsidiaries", "含子公司"),
    text("product_id"),
    ImportField("kinds", ("kinds",), f.LIST, ("ticket types", "工单类型")),
    named("calendar", "business calendar", "日历"),
    named("calendar_id"),
    named("sla_policy", "policy", "sla", "服务级别"),
    named("sla_policy_id"),
    typed("is_active", f.BOOLEAN, "active", "启用"),
    typed("remind_days", f.INTEGER, "提前提醒天数"),
    typed("reminded_at", f.INSTANT),
    text("note", "notes", "备注"),
    named("owner", "owner email", "负责人"),
    named("team", "team name", "团队"),
    text("owner_id"),
    text("team_id"),
    typed("created_at", f.INSTANT, "created", "创建时间"),
)  # fmt: skip
ENTITLEMENT_FIELDS: Final[Mapping[str, ImportField]] = MappingProxyType(
    {each.name: each for each in _ALL}
)


def keys_of_entitlement(row: Mapping[str, Any]) -> Sequence[str]:
    return keys_of("external_id", row, None)


class EntitlementPreparation:
    def __init__(self, held: HeldAgainst, zone: str) -> None:
        self.held = held
        self._zone = zone
        self._base = held.empty_row(ENTITLEMENTS, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        ACCOUNTS.take(found, document)
        for noun in SETTINGS:
            take_setting(found, document, noun)
        found.more["reminded_at"] = take_moment(found, document, self.held.cells, "reminded_at")
        found.more["used"] = self._used(found, document)
        if "kinds" in document and isinstance(document["kinds"], list):
            document["kinds"] = [KINDS.get(each, each) for each in document["kinds"]]
        is_new = ACCOUNT in found.more and document.keys() >= WHOLE
        aside = {} if is_new else {n: document.pop(n, None) for n in ("unit", "time_zone")}
        if is_new:
            document["account_id"] = LOOKED_UP
        sent = validated(
            found, document, self.held.cells, new=EntitlementCreate, change=EntitlementUpdate,
            is_new=is_new,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        for name in ("unit", "time_zone"):
            found.more[name] = sent.get(name, aside.get(name))
        self._settle(found, sent, created_at, is_new=is_new)
        return found

    def _used(self, found: Prepared, document: dict[str, Any]) -> Decimal | None:
        value = document.pop("used", None)
        try:
            return None if value is None else USED.validate_python(value)
        except ValidationError as error:
            said = message_of(error.errors(include_url=False)[0])
            refuse(found, self.held.cells, "used", said)
            return None

    def _settle(
        self, found: Prepared, sent: dict[str, Any], created_at: Any, *, is_new: bool
    ) -> None:
        found.wanted_id = sent.pop("id", found.wanted_id)
        sent.pop("account_id", None)
        if "kinds" in sent:
            sent["kinds"] = sorted(set(sent["kinds"]))
        found.columns = {n: v for n, v in sent.items() if n not in ("unit", "time_zone")}
        if self.held.options.key == "external_id":
            found.keys = keys_of_entitlement(sent)
        if is_new:
            fresh = {**self._base, "owner_id": self.held.staff.by.user_id}
            if not sent.keys().isdisjoint({"owner_id", "team_id"}):
                fresh["owner_id"] = None
            fresh |= {"time_zone": self._zone, **sent, "created_at": created_at}
            found.fresh = {**fresh, "id": found.wanted_id or new_id()}

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        noun = field.removesuffix("_id")
        return self.held.cells.column_of(field, noun, f"{noun}_external_id")


class EntitlementRuling:
    needs = "A new entitlement needs a name, an account, a unit, and its first and last day."

    def __init__(self, preparer: Preparer[EntitlementPreparation], terms: Terms) -> None:
        self._preparer = preparer
        self._terms = terms
        self._used: list[tuple[UUID, Decimal]] = []
        self._renewed: set[UUID] = set()

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        organisation, self._used = self._terms.organisation_id, []
        await self._find_accounts(connection, rows)
        await find_settings(
            connection, self._preparer, rows, organisation=organisation, nouns=SETTINGS
        )
        ids: list[UUID] = []
        if self._terms.options.key == "external_id":
            words = [row.columns["external_id"] for row in rows if row.keys]
            found = await connection.fetch(BY_EXTERNAL_ID, organisation, words)
            ids = [each["id"] for each in found]
        await book.load_meant(connection, rows, ids=ids)
        found = await connection.fetch(RENEWED, organisation, list(book.entries))
        self._renewed = {each["renewed_from_id"] for each in found}

    async def _find_accounts(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        naming = [row for row in rows if ACCOUNT in row.more]
        wanted = {row.more[ACCOUNT] for row in naming}
        scope = await self._preparer.scope("accounts")
        known = await ACCOUNTS.find(connection, self._terms.organisation_id, wanted, scope)
        for row in naming:
            column = self._preparer.column_of(row.more[ACCOUNT].field)
            account = ACCOUNTS.meant(row, row.more[ACCOUNT], known, column)
            row.more["account_id"] = None if account is None else account.id

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> dict[str, Any]:
        return self._new(row) if entry is None else self._changed(row, entry.row)

    def _new(self, row: Prepared) -> dict[str, Any]:
        assert row.fresh is not None
        used = row.more["used"] or Decimal(0)
        whole = {**row.fresh, "account_id": row.more["account_id"], "used": used}
        whole |= term_of(whole) | {"reminded_at": row.more["reminded_at"]}
        _demand_left(whole, "used")
        whole["remaining"] = claim_rules.remaining(whole["granted"], used)
        whole["next_at"] = claim_rules.reminder_at(whole, datetime.now(UTC))
        if used:
            self._used.append((whole["id"], used))
        return whole

    def _changed(self, row: Prepared, before: Mapping[str, Any]) -> dict[str, Any]:
        """What was used is booked, not imported again; a new term's end is told again."""
        for field, noun in FOR_GOOD.items():
            if row.more.get(field) not in (None, before[field]):
                raise Invalid(f"It is of another {noun}; that stays.", errors={field: ""})
        changes = {n: v for n, v in row.columns.items() if v != before[n]}
        whole = {**before, **changes}
        if "granted" in changes:
            _demand_left(whole, "granted")
            changes["remaining"] = claim_rules.remaining(whole["granted"], whole["used"])
        if not TIMED.isdisjoint(changes):
            changes |= term_of(whole) | {"reminded_at": None}
            at = claim_rules.reminder_at({**whole, **changes}, datetime.now(UTC))
            changes["next_at"] = None if before["id"] in self._renewed else at
        return changes

    async def book_used(self, connection: Connection) -> None:
        """The first line of a ledger that begins elsewhere."""
        if self._terms.is_dry or not self._used:
            return
        ids, amounts = map(list, zip(*self._used, strict=True))
        await connection.execute(
            BOOK, self._terms.organisation_id, [new_id() for _ in ids], ids, amounts, NOTE,
            self._terms.actor.id, datetime.now(UTC),
        )  # fmt: skip


def _demand_left(whole: Mapping[str, Any], field: str) -> None:
    if whole["granted"] is not None and whole["granted"] < whole["used"]:
        raise Invalid("More was used than is granted.", errors={field: ""})


async def _target(taking: Taking) -> PreparedTarget[EntitlementPreparation]:
    async def make(held: HeldAgainst) -> EntitlementPreparation:
        return EntitlementPreparation(held, taking.home.time_zone)

    terms, preparer = taking.terms, Preparer(ENTITLEMENTS, taking, make)
    ruling = EntitlementRuling(preparer, terms)
    return row_by_row(
        ENTITLEMENTS, preparer, terms, ruling, index=planned_index(ENTITLEMENTS, terms, {EXTERNAL}),
        keys_of=keys_of_entitlement, beside=ruling.book_used,
    )  # fmt: skip


ENTITLEMENT_IMPORT = Importable(
    resource=ENTITLEMENTS,
    fields=ENTITLEMENT_FIELDS,
    keys=frozenset({"none", "id", "external_id"}),
    named_by=frozenset({"name"}),
    target=_target,
)
