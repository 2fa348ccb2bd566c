"""Pure decisions about opportunities: stored columns from what is sent."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import SharesIncomplete
from guanxi_pipeline.sum_rules import priced_lines, sum_of_lines
from guanxi_shared.errors import Invalid

MOST_DIGITS = 200
RANK_DIGITS = 60  # longer ones, and a stage is numbered anew
FOUND_BY = frozenset({"name", "account_id", "external_id"})


def columns_from(sent: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns from the API's fields; `row` is the record as it is, empty for a new one. Stage,
    probability and category are decided elsewhere."""
    columns = {
        name: value
        for name, value in sent.items()
        if name not in ("amount", "stage_id", "pipeline_id", "probability", "forecast_category",
                        "closed_on")
    }  # fmt: skip
    if "lines" in sent:
        columns["lines"] = priced_lines(sent["lines"])
        columns["product_ids"] = ids_in(columns["lines"], "product_id")
    if "contacts" in sent:
        columns["contacts"] = links_as_stored(sent["contacts"])
        columns["contact_ids"] = ids_in(columns["contacts"], "contact_id")
    if "splits" in sent:
        demand_whole_shares(sent["splits"])
    return columns | amount_of(sent, columns, row) | close_on_of(sent, row)


def ids_in(entries: Sequence[Mapping[str, Any]], name: str) -> list[UUID]:
    found = dict.fromkeys(str(entry[name]) for entry in entries if entry.get(name))
    return [UUID(id) for id in found]


def amount_of(
    sent: Mapping[str, Any], columns: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    """An amount that is sent counts; null, or none from the beginning, means the sum of the lines."""
    if sent.get("amount") is not None:
        amount = sent["amount"]
        return {
            "amount_amount": Decimal(amount["amount"]), "amount_currency": amount["currency"],
            "amount_source": "given",
        }  # fmt: skip
    if "amount" not in sent and "lines" not in sent:
        return {}
    lines = columns.get("lines", row.get("lines") or [])
    is_new = not row and "amount" not in sent
    follows = "amount" in sent or is_new or row.get("amount_source") == "lines"
    if not follows and row.get("amount_amount") is not None:
        return {}
    total = sum_of_lines(lines)
    if total is None:
        return {"amount_amount": None, "amount_currency": None, "amount_source": "given"}
    return {"amount_amount": total[0], "amount_currency": total[1], "amount_source": "lines"}


def close_on_of(sent: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """How often the closing day was put off, and from where. Earlier is no slip."""
    if "close_on" not in sent:
        return {}
    new: date | None = sent["close_on"]
    old: date | None = row.get("close_on")
    first: date | None = row.get("first_close_on")
    columns: dict[str, Any] = {"close_on": new}
    if first is None:
        columns["first_close_on"] = new
    if old is not None and new is not None and new > old:
        columns["close_on_moves"] = row["close_on_moves"] + 1
    return columns


def demand_opened(opened_on: date | None, *, closed_on: date | None, today: date) -> None:
    """Selling began by today, and by the day on which the deal was closed."""
    if opened_on is not None and opened_on > today:
        raise Invalid(
            "This day is still to come.", errors={"opened_on": "Send a day that has passed."}
        )
    if opened_on is not None and closed_on is not None and opened_on > closed_on:
        raise Invalid(
            f"It was closed on {closed_on}, before that day.",
            errors={"opened_on": "Send the day of closing, or an earlier one."},
        )


def links_as_stored(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """People with their roles, each once, exactly one of them primary."""
    ids = [str(link["contact_id"]) for link in links]
    if len(set(ids)) < len(ids):
        raise Invalid("A person is named twice.", errors={"contacts": "Name each person once."})
    primary = next((i for i, link in enumerate(links) if link.get("is_primary")), 0)
    return [
        {
            "contact_id": str(link["contact_id"]),
            "role": link.get("role"),
            "is_primary": i == primary,
        }
        for i, link in enumerate(links)
    ]


def demand_whole_shares(splits: Sequence[Mapping[str, Any]]) -> None:
    """Shares in percent; they sum to exactly 100, whatever a float thinks of thirds."""
    if not splits:
        return
    users = [str(split["user_id"]) for split in splits]
    if len(set(users)) < len(users):
        raise SharesIncomplete("A person has two shares.", errors={"splits": "Name each once."})
    whole = sum((Fraction(str(split["share"])) for split in splits), Fraction(0))
    if whole != 100:
        total, over = (Decimal(x.numerator) / x.denominator for x in (whole, abs(whole - 100)))
        raise SharesIncomplete(
            f"The shares sum to {total.normalize():f}, not 100.",
            errors={"splits": f"{over.normalize():f} percent "
                              f"{'too little' if whole < 100 else 'too much'}."},
        )  # fmt: skip


def by_hand(
    sent: Mapping[str, Any], *, stage_probability: float, stage_category: str, status: str
) -> dict[str, Any]:
    """Probability and forecast category that are sent, or taken back (null) to the stage's."""
    columns: dict[str, Any] = {}
    if "probability" in sent:
        if status != "open" and sent["probability"] not in (None, stage_probability):
            raise Invalid(
                f"A deal that is {status} has {stage_probability:g} percent.",
                errors={"probability": "Reopen it first."},
            )
        if sent["probability"] is None or status != "open":
            columns |= {"probability": stage_probability, "probability_source": "stage"}
        else:
            columns |= {"probability": sent["probability"], "probability_source": "manual"}
    if "forecast_category" in sent:
        if status != "open" and sent["forecast_category"] not in (None, stage_category):
            raise Invalid(
                f"A deal that is {status} counts as {stage_category}.",
                errors={"forecast_category": "Reopen it first."},
            )
        columns["forecast_category"] = sent["forecast_category"] or stage_category
    return columns


def top_rank(now: datetime) -> Decimal:
    """The place above everything that came before: the later, the higher up."""
    return -Decimal(int(now.timestamp() * 1_000_000))


def rank_between(above: Decimal | None, below: Decimal | None, now: datetime) -> Decimal:
    """A place between two neighbours; None is an end of the list. Strictly between them: decimals have
    as many digits as it takes."""
    if above is None and below is None:
        return top_rank(now)
    if above is None:
        assert below is not None
        return min(top_rank(now), below - 1)
    if below is None:
        return above + 1
    return midpoint(above, below)


def is_crowded(above: Decimal | None, below: Decimal | None) -> bool:
    """Whether there is no room between two neighbours: they came at one moment, or the gap was used so
    often that its decimals have grown long."""
    ranks = [rank for rank in (above, below) if rank is not None]
    if len(ranks) == 2 and ranks[0] == ranks[1]:
        return True
    return any(len(rank.as_tuple().digits) > RANK_DIGITS for rank in ranks)


def midpoint(above: Decimal, below: Decimal) -> Decimal:
    """The shortest decimal strictly between two, so that ranks grow by a digit for some ten drops into
    one gap and not by one for each."""
    if not above < below:
        raise ValueError("neighbours must differ")
    with localcontext(prec=MOST_DIGITS):
        exponent = 0
        while True:
            step = Decimal(1).scaleb(exponent)
            middle = ((above + below) / 2).quantize(step)
            if above < middle < below:
                return middle
            exponent -= 1
