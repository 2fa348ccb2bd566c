"""What a written policy may say, and the field that is named when it may not."""

from typing import Any

import pytest

from guanxi_shared.errors import Invalid
from guanxi_tickets.sla.calendar_rules import ALWAYS
from guanxi_tickets.sla.policy_rules import policy_from
from guanxi_tickets.sla.run_rules import Policy, Target

HOUR = {"seconds": 3600}


def read(sent: dict[str, Any]) -> Policy:
    return policy_from(
        {"name": "Gold"} | sent, ALWAYS, priorities=("high", "low"), states=("open", "pending")
    )


def test_a_policy_as_it_is_written() -> None:
    assert read(
        {
            "name": " Gold ",
            "targets": {
                "high": {
                    "first_response": {"seconds": 3600, "warnings": [75, 50, 50]},
                    "resolution": HOUR,
                },
                "low": {},
            },
            "pauses": {"pending": ["resolution"], "open": []},
            "on_reopen": "anew",
            "promise_warnings": [80],
        }
    ) == Policy(
        "Gold",
        ALWAYS,
        {
            "high": {"first_response": Target(3600, (50, 75)), "resolution": Target(3600)},
            "low": {},
        },
        {"pending": frozenset({"resolution"}), "open": frozenset()},
        "anew",
        (80,),
    )


def test_nothing_said_is_no_target_and_no_pause() -> None:
    assert read({}) == read({"targets": None, "pauses": None}) == Policy("Gold", ALWAYS, {})


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"calendar": "Berlin"}, "calendar"),
        ({"targets": []}, "targets"),
        ({"pauses": False}, "pauses"),
        ({"targets": "high"}, "targets"),
        ({"targets": {"urgent": {}}}, "targets.urgent"),
        ({"targets": {"high": 3600}}, "targets.high"),
        ({"targets": {"high": {"promise": HOUR}}}, "targets.high.promise"),
        ({"targets": {"high": {"update": 3600}}}, "targets.high.update"),
        ({"targets": {"high": {"update": {}}}}, "targets.high.update.seconds"),
        ({"targets": {"high": {"update": {"seconds": True}}}}, "targets.high.update.seconds"),
        ({"targets": {"high": {"update": {"seconds": 59}}}}, "targets.high.update.seconds"),
        ({"targets": {"high": {"update": {"seconds": 60.5}}}}, "targets.high.update.seconds"),
        ({"targets": {"high": {"update": {"seconds": 10**9}}}}, "targets.high.update.seconds"),
        ({"targets": {"high": {"update": HOUR | {"days": 1}}}}, "targets.high.update.days"),
        (
            {"targets": {"high": {"update": HOUR | {"warnings": [50, 100]}}}},
            "targets.high.update.warnings.1",
        ),
        (
            {"targets": {"high": {"update": HOUR | {"warnings": 50}}}},
            "targets.high.update.warnings",
        ),
        ({"pauses": {"closed": []}}, "pauses.closed"),
        ({"pauses": {"pending": "resolution"}}, "pauses.pending"),
        ({"pauses": {"pending": ["resolution", "promise"]}}, "pauses.pending.1"),
        ({"pauses": {"pending": [["resolution"]]}}, "pauses.pending.0"),
        ({"on_reopen": None}, "on_reopen"),
        ({"on_reopen": ["anew"]}, "on_reopen"),
        ({"promise_warnings": [0]}, "promise_warnings.0"),
        ({"promise_warnings": [1, 2, 3, 4, 5, 6]}, "promise_warnings"),
    ],
)
def test_what_is_not_meant_is_refused_by_its_name(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(sent)
    assert list(refused.value.errors) == [field]
