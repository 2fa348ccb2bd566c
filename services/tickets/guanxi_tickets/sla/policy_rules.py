"""A service-level policy as it is written, and what is refused in it. Pure.

    {"name": "Gold",
     "targets": {"high": {"first_response": {"seconds": 3600, "warnings": [50, 75]},
                          "resolution": {"seconds": 28800}}},
     "pauses": {"pending_customer": ["update", "resolution"]},
     "on_reopen": "continue", "promise_warnings": [75]}

Seconds are those of the policy's calendar; warnings are percents of them. A kind without a target
has no clock, a state that is not named pauses nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from guanxi_shared.errors import Invalid
from guanxi_tickets.sla.calendar_rules import Calendar
from guanxi_tickets.sla.run_rules import KINDS, Kind, Policy, Target

KNOWN = ("name", "targets", "pauses", "on_reopen", "promise_warnings")
SECONDS = (60, 366 * 86_400)
MOST_WARNINGS = 5


def policy_from(
    document: Mapping[str, Any],
    calendar: Calendar,
    *,
    priorities: Collection[str],
    states: Collection[str],
) -> Policy:
    """`priorities` and `states` are those that the organisation has.

    Invalid (422) names the field: `targets.high.first_response.seconds`.
    """
    sent = _object(document, KNOWN, "")
    targets = _object(_or_none(sent, "targets"), priorities, "targets")
    pauses = _object(_or_none(sent, "pauses"), states, "pauses")
    return Policy(
        _name(sent.get("name")),
        calendar,
        {priority: _targets(each, f"targets.{priority}") for priority, each in targets.items()},
        {state: _kinds(each, f"pauses.{state}") for state, each in pauses.items()},
        _on_reopen(sent.get("on_reopen", "continue")),
        _warnings(sent.get("promise_warnings", ()), "promise_warnings"),
    )


def _refuse(field: str, sentence: str) -> Invalid:
    return Invalid(f"{field}: {sentence}", errors={field: sentence}, code="bad_policy")


def _object(sent: Any, known: Collection[str], field: str) -> Mapping[str, Any]:
    if not isinstance(sent, Mapping):
        raise _refuse(field or "policy", "Send an object.")
    for key in sent:
        if key not in known:
            path = f"{field}.{key}" if field else f"{key}"
            raise _refuse(path[:120], f"This is none of {', '.join(known) or 'those there are'}.")
    return sent


def _or_none(sent: Mapping[str, Any], field: str) -> Any:
    return {} if sent.get(field) is None else sent[field]


def _name(sent: Any) -> str:
    if not isinstance(sent, str) or not 1 <= len(sent.strip()) <= 200:
        raise _refuse("name", "Send a name of at most 200 characters.")
    return sent.strip()


def _on_reopen(sent: Any) -> Literal["continue", "anew"]:
    if sent == "continue" or sent == "anew":
        return "anew" if sent == "anew" else "continue"
    raise _refuse("on_reopen", "Send continue or anew.")


def _targets(sent: Any, field: str) -> dict[Kind, Target]:
    given = _object(sent, KINDS, field)
    return {kind: _target(given[kind], f"{field}.{kind}") for kind in KINDS if kind in given}


def _target(sent: Any, field: str) -> Target:
    given = _object(sent, ("seconds", "warnings"), field)
    seconds = given.get("seconds")
    if type(seconds) is not int or not SECONDS[0] <= seconds <= SECONDS[1]:
        raise _refuse(f"{field}.seconds", f"Send whole seconds, {SECONDS[0]} to {SECONDS[1]:,}.")
    return Target(seconds, _warnings(given.get("warnings", ()), f"{field}.warnings"))


def _warnings(sent: Any, field: str) -> tuple[int, ...]:
    """In order, each once."""
    for n, percent in enumerate(_list(sent, field, MOST_WARNINGS)):
        if type(percent) is not int or not 1 <= percent <= 99:
            raise _refuse(f"{field}.{n}", "Send a whole percent, 1 to 99.")
    return tuple(sorted(set(sent)))


def _kinds(sent: Any, field: str) -> frozenset[Kind]:
    """A promise is paused by nothing, and so is none of them."""
    for n, kind in enumerate(_list(sent, field, len(KINDS))):
        if kind not in KINDS:
            raise _refuse(f"{field}.{n}", f"Send one of {', '.join(KINDS)}.")
    return frozenset(kind for kind in KINDS if kind in sent)


def _list(sent: Any, field: str, most: int) -> Sequence[Any]:
    if not isinstance(sent, Sequence) or isinstance(sent, str) or len(sent) > most:
        raise _refuse(field, f"Send a list of at most {most}.")
    return sent
