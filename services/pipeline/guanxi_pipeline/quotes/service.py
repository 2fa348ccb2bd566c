"""Use cases of quotes: make, change, put away. What becomes of them is in the files beside this one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import QuoteState
from guanxi_pipeline.numbering import QUOTE_NUMBERS, give_numbers
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.quotes import rules, state_rules
from guanxi_pipeline.quotes.lines import filled_lines
from guanxi_pipeline.quotes.reading import may_change
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.schemas import QuoteCreate, QuoteUpdate
from guanxi_pipeline.rates.looking_up import own_currency
from guanxi_pipeline.references.service import find_references, name_of_account
from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored

DEFAULTS: Mapping[str, Any] = {
    "revision": 1, "status": "draft", "price_mode": "net", "lines": [], "product_ids": [], "approvals": [],
    "tags": [], "is_account_verified": True, "update_opportunity": False,
}  # fmt: skip
# The version before, and which one follows it; locked, so that no other one is made of it meanwhile.
BEFORE = """
SELECT superseded_by_id FROM quotes WHERE organisation_id = $1 AND number = $2 AND revision < $3 AND deleted_at IS NULL
ORDER BY revision DESC LIMIT 1 FOR NO KEY UPDATE
"""
BY_ID = "SELECT id FROM quotes WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_KEY = """
SELECT id FROM quotes_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_quote(call: Call, connection: Connection, data: QuoteCreate) -> State:
    """A new offer with the next number: taken last, in the same transaction, so that none is lost."""
    sent = {name: value for name, value in _sent(data).items() if value is not None}
    quote_id = data.id or new_id()
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "id": quote_id, "first_id": quote_id,
        "owner_id": call.by.user_id, **sent, **await _from_opportunity(call, sent),
    }  # fmt: skip
    columns["currency"] = sent.get("currency") or await own_currency(call)
    columns["custom"] = await stored(call, QUOTES, sent.get("custom", {}))
    account_name = await _set_references(call, columns)
    await owned_by(call, connection, QUOTES, sent)
    columns |= await _priced(call, columns, columns["lines"])
    (columns["number"],) = await give_numbers(connection, call.organisation, QUOTE_NUMBERS, 1)
    columns.setdefault("name", account_name or columns["number"])
    columns |= rules.found_by(columns, account_name=account_name)
    return await records.insert_record(connection, QUOTES, columns, actor=call.actor)


def _sent(data: QuoteCreate | QuoteUpdate) -> dict[str, Any]:
    """What is sent; lines and discount whole, as they are kept."""
    inner = data.model_dump(mode="json", include={"lines", "discount"} & data.model_fields_set)
    if inner.get("discount"):
        inner["discount"] = {k: v for k, v in inner["discount"].items() if v is not None}
    return {**data.model_dump(exclude_unset=True), **inner}


async def load_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None = None
) -> Loaded:
    """Under its lock, if it is the caller's to change."""
    scope = await call.scope(QUOTES.name)
    loaded = await records.load_record(connection, QUOTES, quote_id, scope=scope)
    await check_version(connection, QUOTES, loaded, version)
    return loaded


async def update_quote(
    call: Call, connection: Connection, quote_id: UUID, data: QuoteUpdate, version: int | None
) -> State:
    """A merge patch under If-Match. What is offered is worked out anew when something of it is sent."""
    loaded = await load_quote(call, connection, quote_id, version)
    sent = _sent(data)
    changes = dict(sent)
    if sent.get("opportunity_id") is not None or sent.get("update_opportunity"):
        await _from_opportunity(call, {**loaded.row, **sent})
    account_name = await _set_references(call, changes)
    await owned_by(call, connection, QUOTES, sent)
    if "custom" in sent:
        changes["custom"] = await stored(call, QUOTES, sent["custom"], present=loaded.row["custom"])
    lines = rules.lines_to_fill(changes, loaded.row)
    if lines is not None or rules.PRICED_BY & set(sent):
        rules.demand_lines_anew(sent, loaded.row)
        changes |= await _priced(call, {**loaded.row, **changes}, lines)
    changed = frozenset(name for name in sent if changes[name] != loaded.row.get(name))
    changes |= state_rules.after_change(loaded.row, changed)
    if rules.FOUND_BY & set(changes):
        whole = {**loaded.row, **changes}
        if "account_id" not in changes:
            account_name = await name_of_account(connection, call.organisation, whole["account_id"])
        changes |= rules.found_by(whole, account_name=account_name)
    return await records.update_record(connection, QUOTES, loaded, changes, actor=call.actor)


async def _priced(call: Call, whole: Mapping[str, Any], lines: Any) -> dict[str, Any]:
    """The columns of lines and totals; `lines` are those that are sent, None to keep what there is."""
    currency, mode, discount = whole["currency"], whole["price_mode"], whole.get("discount")
    if lines is None:
        lines = whole["lines"]
    else:
        rules.demand_one_currency(lines, discount, currency)
        lines = await filled_lines(
            call, lines, currency=currency, mode=mode, account_id=whole.get("account_id")
        )
    rules.demand_one_currency(lines, discount, currency)
    return rules.priced(lines, currency=currency, mode=mode, discount=discount)


async def delete_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None
) -> State:
    """Only what the customer never saw; its number is not given again."""
    loaded = await load_quote(call, connection, quote_id, version)
    state_rules.demand("deleted", loaded.row["status"])
    return await records.delete_record(connection, QUOTES, loaded, actor=call.actor)


async def restore_quote(call: Call, connection: Connection, quote_id: UUID) -> State:
    """Unless another version took its place: two that may be sent would be two that may be accepted."""
    scope = await call.scope(QUOTES.name)
    loaded = await records.load_record(connection, QUOTES, quote_id, scope=scope, deleted=True)
    where = (call.organisation, loaded.row["number"], loaded.row["revision"])
    before = await connection.fetchrow(BEFORE, *where)
    if before is not None and before["superseded_by_id"] != quote_id:
        raise QuoteState("There is a later version of this quote; revise that one.")
    return await records.restore_record(connection, QUOTES, loaded, actor=call.actor)


async def find_quotes(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The quotes that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        return [row["id"] for row in await connection.fetch(BY_ID, call.organisation, value)]
    key = f"k:{value.lower()}" if field == "number" else None
    if field in ("external_id", "name"):
        key = match_key(field, value)
    if key is None:
        raise UnknownReference(
            f"Quotes cannot be matched by {field!r}.",
            errors={"match": "Match by id, number, external_id or name."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]


async def _from_opportunity(call: Call, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The deal it belongs to is there for the caller, who may change it if the quote will; its account
    and name count where none is sent."""
    if sent.get("opportunity_id") is None:
        return {}
    try:
        deal = await reads.find_record(call, OPPORTUNITIES, sent["opportunity_id"])
    except NotFound as error:
        raise UnknownReference(
            f"There is no opportunity {str(sent['opportunity_id'])!r}.",
            errors={"opportunity_id": "There is no such opportunity."},
        ) from error
    if sent.get("update_opportunity") and not await may_change(call, OPPORTUNITIES, deal):
        raise Forbidden(
            "You may read this opportunity but not change it.",
            errors={"update_opportunity": "It is not yours to change."}, code="read_only",
        )  # fmt: skip
    name = sent.get("name") or deal["name"]  # none, if the deal was called after somebody erased
    found: dict[str, Any] = {"name": name} if name else {}
    if sent.get("account_id") is None and deal["account_id"] is not None:
        found["account_id"] = UUID(deal["account_id"])
    return found


async def _set_references(call: Call, columns: dict[str, Any]) -> str | None:
    """Account and person that are named exist for the caller, merged ones as their survivors; the
    account's name, if one is named and known."""
    name = None
    if (account_id := columns.get("account_id")) is not None:
        found = await find_references(call, "accounts", [account_id], field="account_id")
        meant = found[account_id]
        columns |= {"account_id": meant.id, "is_account_verified": meant.is_verified}
        name = meant.name
    elif "account_id" in columns:
        columns["is_account_verified"] = True
    if (contact_id := columns.get("contact_id")) is not None:
        people = await find_references(call, "contacts", [contact_id], field="contact_id")
        columns["contact_id"] = people[contact_id].id
    return name
