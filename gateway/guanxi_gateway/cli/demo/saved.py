"""Segments and views that the organisation shares with everybody."""

from typing import Any

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id


def _all_of(*filters: tuple[str, str, Any]) -> dict[str, Any]:
    named = [{"field": field, "operator": how, "value": value} for field, how, value in filters]
    return {"filter_groups": [{"filters": named}]}


SEGMENTS: tuple[dict[str, Any], ...] = (
    {
        "name": "重点客户 Key accounts",
        "resource": "accounts",
        "document": _all_of(("grade", "eq", "A"), ("lifecycle_stage", "in", ["active", "loyal"])),
    },
    {
        "name": "流失风险 At risk",
        "description": "Customers that may leave us, of the better grades.",
        "resource": "accounts",
        "document": _all_of(("lifecycle_stage", "eq", "at_risk"), ("grade", "in", ["A", "B", "C"])),
    },
    {
        "name": "2025展会名单 Trade fair 2025",
        "description": "Whom we met there, as the list was when it was taken.",
        "resource": "contacts",
        "kind": "frozen",
        "document": _all_of(("tags", "eq", "trade fair 2025")),
    },
)
VIEWS: tuple[dict[str, Any], ...] = (
    {
        "name": "大客户 Largest first",
        "resource": "accounts",
        "document": {**_all_of(("staff_count", "gte", 10_000)), "sorts": ["-staff_count"]},
        "columns": ["name", "region", "grade", "lifecycle_stage", "staff_count", "owner_id"],
    },
    {
        "name": "逾期任务 Overdue tasks",
        "resource": "activities",
        "document": {
            **_all_of(
                ("kind", "eq", "task"), ("status", "eq", "planned"), ("due_at", "lt", "today")
            ),
            "sorts": ["due_at"],
        },
        "columns": ["subject", "due_at", "priority", "account_ids", "owner_id"],
    },
    {
        "name": "决策人 Decision makers in China",
        "resource": "contacts",
        "document": {
            **_all_of(("department", "eq", "管理层"), ("language", "eq", "zh-CN")),
            "sorts": ["name"],
        },
        "columns": ["name", "title", "accounts", "phones"],
    },
)


def make_segments(seed: int) -> list[Record]:
    return _shared(seed, "segment", SEGMENTS)


def make_views(seed: int) -> list[Record]:
    return _shared(seed, "view", VIEWS)


def _shared(seed: int, kind: str, records: tuple[dict[str, Any], ...]) -> list[Record]:
    return [
        {"id": str(demo_id(seed, kind, number)), **record, "shared_with": "all"}
        for number, record in enumerate(records)
    ]
