"""What a file changes of a quote that is there, by the rules of patches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guanxi_pipeline.imports.deals import Deal
from guanxi_pipeline.imports.quote_chunk import Chunk, priced
from guanxi_pipeline.imports.quote_rules import demand_same, news_in
from guanxi_pipeline.quotes import rules, state_rules
from guanxi_shared.errors import Forbidden
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.many_records import Change
from guanxi_shared.records import Loaded

Custom = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


def change_of(loaded: Loaded, quote: Prepared, chunk: Chunk, *, custom: Custom) -> Change | None:
    """None when nothing differs. What was sent stays as it is; what was approved is a draft again."""
    row = loaded.row
    demand_same(row, quote.more["status"], quote.more["revision"])
    sent = _sent(quote, chunk, row, custom)
    changes = {name: value for name, value in sent.items() if value != row[name]}
    if not changes:
        return None
    lines = rules.lines_to_fill(changes, row)
    if lines is not None or rules.PRICED_BY & set(changes):
        rules.demand_lines_anew(changes, row)
        changes |= _priced(quote, chunk, {**row, **changes}, lines)
    changed = frozenset(name for name in sent if changes.get(name, row[name]) != row[name])
    changes |= state_rules.after_change(row, changed)
    if rules.FOUND_BY & set(changes):
        buyer = quote.more["buyer"]
        name = chunk.there.account_names.get(row["account_id"]) if buyer is None else buyer.name
        changes |= rules.found_by({**row, **changes}, account_name=name)
    return Change(loaded, changes)


def _sent(quote: Prepared, chunk: Chunk, row: Mapping[str, Any], custom: Custom) -> dict[str, Any]:
    """What the file says by the names of columns, whom it names as they are here."""
    sent = news_in(quote.more["sent"], row)
    if (buyer := quote.more["buyer"]) is not None and buyer.id != row["account_id"]:
        sent |= {"account_id": buyer.id, "is_account_verified": True}
    if (deal := quote.more["deal"]) is not None:
        sent["opportunity_id"] = deal.id
    elif sent.get("update_opportunity") and row["opportunity_id"] is not None:
        _demand_theirs(chunk.deals.get(str(row["opportunity_id"]), ()))
    if "contact_id" in sent:
        sent["contact_id"] = chunk.contacts[sent["contact_id"]].id
    if "custom" in sent:
        sent["custom"] = custom(row["custom"], sent["custom"])
    return sent


def _demand_theirs(deals: Sequence[Deal]) -> None:
    if not any(deal.is_theirs for deal in deals):
        raise Forbidden(
            "You may not change its opportunity.",
            errors={"update_opportunity": "It is not yours to change."}, code="read_only",
        )  # fmt: skip


def _priced(quote: Prepared, chunk: Chunk, whole: Mapping[str, Any], lines: Any) -> dict[str, Any]:
    """With prices of today, or the lines as they are."""
    currency, mode, discount = whole["currency"], whole["price_mode"], whole["discount"]
    if lines is not None:
        return priced(chunk, quote.number, lines, currency=currency, mode=mode, discount=discount)
    rules.demand_one_currency(whole["lines"], discount, currency)
    return rules.priced(whole["lines"], currency=currency, mode=mode, discount=discount)
