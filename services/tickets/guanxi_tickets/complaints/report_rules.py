"""What a report over complaints says of counted rows, each figure with the document that finds them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi_tickets.complaints.round_rules import STEPS
from guanxi_tickets.tickets.document_rules import Filter, document_of, filter_of, of_ids

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Meant:
    """Which complaints a report is about: `base` are its filters, `whole` how many fit them. Of the past,
    documents name what was counted."""

    base: Sequence[Filter]
    whole: int
    is_past: bool

    def figure(self, n: int, ids: Sequence[str] | None, *more: Filter) -> dict[str, Any]:
        """`n` complaints, their share of all, and the document for `/v1/complaints/search` that finds them.
        The share of nothing is none."""
        share = round(n / self.whole, 4) if self.whole else None
        return {"n": n, "share": share, "document": self.document(ids, *more)}

    def document(self, ids: Sequence[str] | None, *more: Filter) -> dict[str, Any] | None:
        return of_ids(ids) if self.is_past else document_of(self.base, *more)


def report_from(
    counts: Row, causes: Sequence[Row], steps: Sequence[Row], reasons: Sequence[Row], base: Sequence[Filter],
    *, is_past: bool,
) -> dict[str, Any]:  # fmt: skip
    """`counts`: complaints, rounds, reopened, with_actions, …; `causes` has id, name, ids and n; `steps`
    step, state, n and the quartiles of `seconds`; `reasons` step, reason, n. Of the past each has the ids
    of its complaints, too."""
    whole = counts["complaints"]
    meant = Meant(base, whole, is_past)
    document = meant.document(counts["complaint_ids"])
    return {
        "complaints": {"n": whole, "share": None, "document": document},
        "rounds": {
            "total": counts["rounds"], "n": whole, "document": document,
            "per_complaint": round(counts["rounds"] / whole, 4) if whole else None,
        },
        "reopened": meant.figure(
            counts["reopened"], counts["reopened_ids"], filter_of("loop_round", "gte", 2)
        ),
        "lessons": meant.figure(
            counts["lessons"], counts["lesson_ids"], filter_of("loop_lesson", "is_null", False)
        ),
        "actions": {state: _actions(state, counts, meant) for state in ("open", "overdue")},
        "root_causes": [_cause(each, meant) for each in causes],
        "steps": {step: _step(step, steps, reasons, meant) for step in STEPS},
    }  # fmt: skip


def _actions(state: str, counts: Row, meant: Meant) -> dict[str, Any]:
    asked = filter_of(f"{state}_actions", "gte", 1)
    found = meant.figure(counts[f"with_{state}"], counts[f"{state}_ids"], asked)
    return {"total": counts[f"{state}_actions"], **found}


def _cause(row: Row, meant: Meant) -> dict[str, Any]:
    """`ids`: the cause, and those that were merged into it, which older complaints bear."""
    if row["id"] is None:
        asked = filter_of("root_cause_id", "is_null", True)
    else:
        asked = filter_of("root_cause_id", "in", sorted(row["ids"]))
    found = meant.figure(row["n"], row["ticket_ids"], asked)
    return {"root_cause_id": row["id"], "name": row["name"], **found}


def _step(step: str, steps: Sequence[Row], reasons: Sequence[Row], meant: Meant) -> dict[str, Any]:
    own = {row["state"]: row for row in steps if row["step"] == step}
    found: dict[str, Any] = {}
    for state in ("done", "skipped", "open"):
        row = own.get(state, {"n": 0, "ids": None})
        asked = filter_of(f"loop_{state}_steps", "has", step)
        found[state] = meant.figure(row["n"], row["ids"], asked)
    found["skipped"]["reasons"] = [
        {"reason": row["reason"], "n": row["n"]} for row in reasons if row["step"] == step
    ]
    done = own.get("done")
    found["done"]["seconds"] = {
        name: None if done is None else round(done[name])
        for name in ("lower_quartile", "median", "upper_quartile")
    }
    return found
