"""What a report over complaints says of counted rows, each figure with the document that finds them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from guanxi_tickets.complaints.round_rules import STEPS
from guanxi_tickets.tickets.document_rules import Filter, document_of, filter_of

Row = Mapping[str, Any]


def figure(n: int, whole: int | None, base: Sequence[Filter], *more: Filter) -> dict[str, Any]:
    """`n` complaints, their share of `whole`, and the document for `/v1/complaints/search` that finds
    them. The share of nothing is none."""
    document = document_of(base, *more)
    share = None if not whole else round(n / whole, 4)
    return {"n": n, "share": share, "document": document}


def report_from(
    counts: Row, causes: Sequence[Row], steps: Sequence[Row], reasons: Sequence[Row], base: Sequence[Filter]
) -> dict[str, Any]:  # fmt: skip
    """`counts`: complaints, rounds, reopened, with_actions, …; `causes` has id, name, ids and n; `steps`
    step, state, n and the quartiles of `seconds`; `reasons` step, reason, n."""
    whole = counts["complaints"]
    return {
        "complaints": figure(whole, None, base),
        "rounds": {
            "total": counts["rounds"],
            "per_complaint": round(counts["rounds"] / whole, 4) if whole else None,
            **_without_share(figure(whole, None, base)),
        },
        "reopened": figure(counts["reopened"], whole, base, filter_of("loop_round", "gte", 2)),
        "lessons": figure(
            counts["lessons"], whole, base, filter_of("loop_lesson", "is_null", False)
        ),
        "actions": {
            state: {
                "total": counts[f"{state}_actions"],
                **figure(
                    counts[f"with_{state}"], whole, base, filter_of(f"{state}_actions", "gte", 1)
                ),
            }
            for state in ("open", "overdue")
        },
        "root_causes": [_cause(each, whole, base) for each in causes],
        "steps": {step: _step(step, steps, reasons, whole, base) for step in STEPS},
    }


def _without_share(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("n", "document")}


def _cause(row: Row, whole: int, base: Sequence[Filter]) -> dict[str, Any]:
    """`ids`: the cause, and those that were merged into it, which older complaints bear."""
    if row["id"] is None:
        asked = filter_of("root_cause_id", "is_null", True)
    else:
        asked = filter_of("root_cause_id", "in", sorted(row["ids"]))
    return {
        "root_cause_id": row["id"], "name": row["name"], **figure(row["n"], whole, base, asked),
    }  # fmt: skip


def _step(
    step: str, steps: Sequence[Row], reasons: Sequence[Row], whole: int, base: Sequence[Filter]
) -> dict[str, Any]:
    own = {row["state"]: row for row in steps if row["step"] == step}
    found: dict[str, Any] = {}
    for state in ("done", "skipped", "open"):
        n = own[state]["n"] if state in own else 0
        found[state] = figure(n, whole, base, filter_of(f"loop_{state}_steps", "has", step))
    found["skipped"]["reasons"] = [
        {"reason": row["reason"], "n": row["n"]} for row in reasons if row["step"] == step
    ]
    done = own.get("done")
    found["done"]["seconds"] = {
        name: None if done is None else round(done[name])
        for name in ("lower_quartile", "median", "upper_quartile")
    }
    return found
