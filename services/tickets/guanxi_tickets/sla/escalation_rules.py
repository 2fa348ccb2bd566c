"""What a warning or a breach does to a ticket, and whom it is told. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from guanxi_tickets.sla.clock_rules import Timer
from guanxi_tickets.ticket_settings.rules import ENDING, RANKS

Action = Mapping[str, Any]
# Where a policy says nothing of it.
USUAL: Final[Mapping[str, Sequence[Action]]] = {
    "warning": [{"action": "notify", "to": ["assignee"]}],
    "breach": [{"action": "notify", "to": ["assignee", "manager"]}],
}


@dataclass(frozen=True, slots=True)
class People:
    """Who there is, all of them active: `known` of those whom actions name, `teams` likewise, `queues` with
    their teams."""

    known: Collection[UUID] = ()
    teams: Collection[UUID] = ()
    queues: Mapping[UUID, UUID] = field(default_factory=dict)
    members: Sequence[UUID] = ()
    managers: Sequence[UUID] = ()


@dataclass(slots=True)
class Done:
    """What comes of actions: columns of the ticket, who is told, and each action in a sentence."""

    changes: dict[str, Any] = field(default_factory=dict)
    notified: list[UUID] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, action: str, sentence: str, *, done: bool) -> None:
        self.told.append({"action": action, "done": done, "sentence": sentence})


def actions_for(escalations: Sequence[Mapping[str, Any]], timer: Timer) -> list[Action]:
    """Those of every escalation that fits, in their order; the usual ones where none is there at all."""
    if not escalations:
        return list(USUAL[timer.what])
    return [action for each in escalations if _fits(each, timer) for action in each["actions"]]


def _fits(escalation: Mapping[str, Any], timer: Timer) -> bool:
    return (
        escalation["on"] == timer.what
        and escalation.get("clock") in (None, timer.kind)
        and escalation.get("percent") in (None, timer.percent)
    )


def named_in(actions: Sequence[Action]) -> tuple[list[UUID], list[UUID]]:
    """The users and the teams that actions name."""
    users: list[UUID] = []
    teams: list[UUID] = []
    for action in actions:
        users += [UUID(each) for each in action.get("user_ids") or ()]
        users += [UUID(action["assignee_id"])] if action.get("assignee_id") else []
        teams += [UUID(action["team_id"])] if action.get("team_id") else []
    return users, teams


def carried_out(actions: Sequence[Action], row: Mapping[str, Any], people: People) -> Done:
    """In their order, each upon what those before it made of the ticket. What is solved or closed is
    told of and not touched."""
    done = Done()
    for action in actions:
        whole = {**row, **done.changes}
        if action["action"] == "notify":
            _notify(done, action, whole, people)
        elif row["status_kind"] in ENDING:
            done.tell(action["action"], f"The ticket is {row['status']} already.", done=False)
        elif action["action"] == "raise":
            _raise(done, whole)
        else:
            _reassign(done, action, whole, people)
    return done


def _notify(done: Done, action: Action, row: Mapping[str, Any], people: People) -> None:
    """Whoever is no more, or would be told twice, is left out."""
    groups = {
        "assignee": [row["owner_id"]] if row["owner_id"] in people.known else [],
        "followers": [each for each in row["follower_ids"] if each in people.known],
        "team": people.members,
        "manager": people.managers,
    }
    users = [UUID(each) for each in action.get("user_ids") or ()]
    told = [each for each in users if each in people.known]
    told += [each for name in action.get("to") or () for each in groups[name]]
    new = [each for each in dict.fromkeys(told) if each not in done.notified]
    done.notified += new
    missing = [name for name in action.get("to") or () if not groups[name]]
    sentence = f"{len(new)} told." + (
        f" There is no {' and no '.join(missing)}." if missing else ""
    )
    done.tell("notify", sentence, done=bool(told))


def _raise(done: Done, row: Mapping[str, Any]) -> None:
    higher = next((name for name, rank in RANKS.items() if rank == row["priority_rank"] - 1), None)
    if higher is None:
        done.tell("raise", f"The priority is {row['priority']} already.", done=False)
        return
    done.changes |= {
        "priority": higher, "priority_rank": RANKS[higher], "priority_source": "given",
    }  # fmt: skip
    done.tell("raise", f"From {row['priority']} to {higher}.", done=True)


def _reassign(done: Done, action: Action, row: Mapping[str, Any], people: People) -> None:
    assignee, team, queue = (
        UUID(v) if (v := action.get(n)) else None for n in ("assignee_id", "team_id", "queue_id")
    )
    if assignee is not None and assignee not in people.known:
        done.tell("reassign", "The user it was to go to has left.", done=False)
    elif team is not None and team not in people.teams:
        done.tell("reassign", "The team it was to go to is no more.", done=False)
    elif queue is not None and queue not in people.queues:
        done.tell("reassign", "The queue it was to go to is no more.", done=False)
    else:
        wanted = {"owner_id": assignee, "team_id": team if team else row["team_id"]}
        if queue is not None:
            wanted |= {"queue_id": queue, "team_id": people.queues[queue]}
        is_there = all(row.get(name) == value for name, value in wanted.items())
        done.changes |= {} if is_there else wanted
        sentence = "It is there already." if is_there else "Given on."
        done.tell("reassign", sentence, done=not is_there)


def queues_in(actions: Sequence[Action]) -> list[UUID]:
    """The queues that actions name."""
    return [UUID(action["queue_id"]) for action in actions if action.get("queue_id")]
