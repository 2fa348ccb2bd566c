"""Opportunities, leads, products, quotas and the like as rows of a table: the same names that an import reads, so that a table comes back whole."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from guanxi_shared.exports.flat_rules import money_columns, plain, reach_columns, reaches
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
MOST_LINES: Final = 3
MONEYS: Final = frozenset({"amount", "cost", "paid", "outstanding"})
CONSENT: Final = ("channel", "purpose", "text", "given_at")
LINE: Final = ("", "_quantity", "_price", "_discount")
# Columns whose fields are ids, shown by their names with the ids beside.
NAMED: Final = ("owner", "team", "account", "pipeline", "stage", "product")


def _line_columns() -> tuple[str, ...]:
    heads = ["product", *(f"product_{n}" for n in range(2, MOST_LINES + 1))]
    return (*(head + tail for head in heads for tail in LINE), "more_products")


WIDE: Final[Mapping[str, Sequence[str]]] = {
    **{f"{name}_id": (name, f"{name}_id") for name in NAMED},
    "amount": ("amount", "amount_currency"),
    "lines": _line_columns(),
    "cost": ("cost", "cost_currency"),
    "paid": ("paid", "paid_currency"),
    "outstanding": ("outstanding", "outstanding_currency"),
    "phones": reach_columns("phone"),
    "emails": reach_columns("email"),
    "consents": (*(f"consent_{part}" for part in CONSENT), "more_consents"),
    "prices": ("price", "price_currency", "more_prices"),
}


def flat(row: Mapping[str, Any], names: Names) -> Row:
    """A record with lists and objects as columns."""
    found: Row = {}
    for name, stored in row.items():
        value = plain(stored)
        if name in MONEYS:
            found |= money_columns(name, value)
        elif name == "prices":
            found |= _prices(value)
        elif name == "lines":
            found |= _lines(value)
        elif name in ("phones", "emails"):
            found |= reaches(name, value)
        elif name == "consents":
            found |= _consents(value)
        elif name == "answers":
            found[name] = [f"{key}: {choice}" for key, choice in sorted(value.items())]
        elif name == "contacts":
            found[name] = [each["contact_id"] for each in value]
        elif name == "splits":
            found[name] = [f"{each['user_id']} {each['share']:g}%" for each in value]
        elif name == "components":
            found[name] = [f"{each['product_id']} × {each['quantity']:g}" for each in value]
        elif name == "custom":
            found |= {f"custom.{key}": item for key, item in value.items()}
        else:
            found[name] = value
    for name in NAMED:
        if f"{name}_id" in found:
            found[name] = names.get(name, {}).get(found[f"{name}_id"])
    return found


def _lines(lines: Sequence[Mapping[str, Any]]) -> Row:
    """What there is no column for stands in the last one."""
    found: Row = {}
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        head = "product" if number == 1 else f"product_{number}"
        price = line.get("unit_price")
        found |= {
            head: line.get("name") or line.get("product_id"),
            f"{head}_quantity": line["quantity"],
            f"{head}_price": None if price is None else Decimal(price["amount"]),
            f"{head}_discount": line.get("discount") or None,
        }
    more = lines[MOST_LINES:]
    return found | {"more_products": [each.get("name") or each.get("product_id") for each in more]}


def _consents(consents: Sequence[Mapping[str, Any]]) -> Row:
    """An import reads one agreement a row and leaves the others as they are."""
    first, more = consents[:1], consents[1:]
    found = {f"consent_{part}": each.get(part) for each in first for part in CONSENT}
    return found | {"more_consents": [" ".join(str(each[p]) for p in CONSENT) for each in more]}


def _prices(prices: Sequence[Mapping[str, str]]) -> Row:
    """An import reads one price a row and leaves those of other currencies as they are."""
    first, more = prices[:1], prices[1:]
    found = money_columns("price", first[0]) if first else {}
    return found | {"more_prices": [f"{each['amount']} {each['currency']}" for each in more]}


def named_in(rows: Sequence[Mapping[str, Any]], field: str) -> set[str]:
    """The ids of what has its name in a table of these rows: `account_id`, `product_id`."""
    return {row[field] for row in rows if row.get(field)}
