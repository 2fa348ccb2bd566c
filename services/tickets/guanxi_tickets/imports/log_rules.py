"""What rows of a file, one after the other, make of a ticket. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from guanxi_tickets.sla_clocks.event_rules import STANDING
from guanxi_tickets.ticket_settings.rules import Ways
from guanxi_tickets.tickets import rules, state_rules
from guanxi_tickets.tickets.queue_rules import placed

Columns = dict[str, Any]
Custom = Callable[[Mapping[str, Any], Mapping[str, Any]], Columns]  # what is there, what is sent


class Said(NamedTuple):
    """What a row says: fields as a request has them, a state, and when that became so (None: only now)."""

    at: datetime | None
    sent: Mapping[str, Any]
    status: str | None


class Step(NamedTuple):
    """A change of a ticket, as it is logged."""

    verb: str
    at: datetime
    columns: Columns


def in_order(said: Iterable[Said]) -> list[Said]:
    """By their moments, those of one moment as they stand in the file; what has none comes last."""
    rows = list(said)
    timed = sorted((each for each in rows if each.at is not None), key=_moment)
    return [*timed, *(each for each in rows if each.at is None)]


def begun_at(moments: Iterable[datetime | None], now: datetime) -> datetime:
    """A ticket begins with the first that is told of it."""
    return min((at for at in moments if at is not None), default=now)


def first_row(
    base: Mapping[str, Any], first: Said, ways: Ways, at: datetime, custom: Custom
) -> Columns:
    """How a ticket begins; without a status as every new one."""
    state = ways.first if first.status is None else ways.state(first.status)
    row = {**base, **state_rules.standing(state, at), "created_at": at}
    return {**row, **_priority_of(row, first.sent, ways), **_changes(row, first.sent, ways, custom)}


def steps_of(
    row: Mapping[str, Any], said: Sequence[Said], ways: Ways, now: datetime, custom: Custom
) -> list[Step]:
    """Each row in its turn: first what is sent, then the move. What happened elsewhere has happened,
    whether it may happen here or not; only what begins to hold now keeps to the moves that there are."""
    steps: list[Step] = []
    whole = dict(row)
    for each in said:
        at = each.at or now
        sent = _changes(whole, each.sent, ways, custom)
        changes = {name: value for name, value in sent.items() if whole[name] != value}
        if changes:
            verb = "updated" if rules.PLACE.isdisjoint(changes) else "assigned"
            changes = placed(whole, changes, at)
            steps.append(Step(verb, at, changes))
            whole |= changes
        if each.status is not None and each.status != whole["status"]:
            steps.append(_moved(whole, each, ways, at))
            whole |= steps[-1].columns
    return steps


def after_all(row: Mapping[str, Any], steps: Iterable[Step]) -> Columns:
    found = dict(row)
    for step in steps:
        found |= step.columns
    return found


def is_free(said: Said) -> bool:
    """Whether it names nobody who is to work the ticket."""
    return said.sent.keys().isdisjoint({"assignee_id", "team_id"})


def _moved(whole: Mapping[str, Any], said: Said, ways: Ways, at: datetime) -> Step:
    assert said.status is not None
    to = ways.state(said.status)
    if said.at is None:
        state_rules.demand_move(ways, whole, to)
    verb = state_rules.verb_of(whole["status_kind"], to.kind)
    return Step(verb, at, state_rules.changes_of(whole, to, at))


def log_of(row: Mapping[str, Any], steps: Iterable[Step]) -> list[Columns]:
    """The versions that the steps make, as clocks read a log; `row` is how it stood before."""
    whole, found = dict(row), []
    for step in steps:
        whole |= step.columns
        found.append({"at": step.at, "verb": step.verb} | {name: whole[name] for name in STANDING})
    return found


def said_before(said: Said, past: Sequence[tuple[datetime, Mapping[str, Any]]]) -> bool:
    """Whether a ticket's log (its versions as shown, each with its moment, in their order) says of that
    moment what the row says: one of the versions that stood then."""
    assert said.at is not None
    before = [shown for at, shown in past if at < said.at][-1:]
    then = [shown for at, shown in past if at == said.at]
    return any(_agrees(said, shown) for shown in (*before, *then))


def _agrees(said: Said, shown: Mapping[str, Any]) -> bool:
    if said.status not in (None, shown["status"]):
        return False
    own = said.sent.get("custom", {})
    if any(shown["custom"].get(name) != value for name, value in own.items()):
        return False
    rest = {name: value for name, value in said.sent.items() if name != "custom"}
    return all(_plain(value) == _plain(shown[name]) for name, value in rest.items())


def _plain(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, list) else value and str(value)


def _changes(
    row: Mapping[str, Any], sent: Mapping[str, Any], ways: Ways, custom: Custom
) -> Columns:
    changes = rules.columns_from(sent)
    if rules.asks_for_priority(sent):
        changes |= _priority_of(row, sent, ways)
    if "custom" in sent:
        changes["custom"] = custom(row["custom"], sent["custom"])
    return changes


def _priority_of(row: Mapping[str, Any], sent: Mapping[str, Any], ways: Ways) -> Columns:
    """One that a file says, and that it would have anyway, is not given by hand for that."""
    unsaid = {name: value for name, value in sent.items() if name != "priority"}
    anyway = rules.priority_of(ways, row, unsaid)
    return (
        anyway if sent.get("priority") == anyway["priority"] else rules.priority_of(ways, row, sent)
    )


def _moment(said: Said) -> datetime:
    assert said.at is not None
    return said.at
