"""A ticket's events become the runs of its clocks: when each began, under what it ran, how it ended. Pure.

- `first_response` runs from the creation to the first public reply of an agent.
- `next_response` runs from a customer's reply, the first that is unanswered, to the next public
  reply of an agent; before the first response there is none, that clock runs already.
- `update` runs from each public reply of an agent to the next one.
- `resolution` runs from the creation until the ticket is solved.
- `promise` runs from the promise to the instant that was promised, on every day and at every hour,
  whatever the state. A public reply after it, being solved or `promise_kept` meets it; another
  promise, `promise_withdrawn` or the ticket's end cancels it.

Solving ends every clock: the resolution is met, what still waits for a reply is cancelled. Merging,
cancelling and deleting cancel all. Reopening takes up what the end cut off: going on where it
stopped (`continue`), or as a new run that begins then (`anew`), as the policy in force at that
instant says; `unmerged` and `restored` take back what they undo, and always go on. What an agent
replied to after the end is not taken up. A customer's reply to an ended ticket waits for its being
reopened.

A change of policy, priority or state is a new condition from its instant on. What was counted
stays; the new target is held against everything counted since the run's start. Whoever edits a
policy gives it a new key and says so with `policy_changed`, else the past would change with it; so
for its calendar, but that days which lie ahead may be added without.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from guanxi_tickets.sla.calendar_rules import ALWAYS, Calendar, Reason, cut, whole_seconds

Kind = Literal["first_response", "next_response", "update", "resolution", "promise"]
KINDS: tuple[Kind, ...] = ("first_response", "next_response", "update", "resolution")
EventKind = Literal[
    "created", "policy_changed", "priority_changed", "state_changed", "agent_replied",
    "customer_replied", "solved", "cancelled", "reopened", "merged", "unmerged", "deleted", "restored",
    "promised", "promise_kept", "promise_withdrawn",
]  # fmt: skip
NO_TARGET = Reason("no_target")
UNDOES: Mapping[EventKind, EventKind] = {"unmerged": "merged", "restored": "deleted"}
RESOLUTION: tuple[Kind, ...] = ("resolution",)
PROMISE: tuple[Kind, ...] = ("promise",)
REPLIED: tuple[Kind, ...] = ("first_response", "next_response", "update")


class Target(NamedTuple):
    """Working seconds, and the percents of them (1 to 99) at which somebody is warned."""

    seconds: int
    warnings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """`targets` by priority and kind; `pauses` by state: the kinds that stand still in it."""

    name: str
    calendar: Calendar
    targets: Mapping[str, Mapping[Kind, Target]]
    pauses: Mapping[str, Collection[Kind]] = field(default_factory=dict)
    on_reopen: Literal["continue", "anew"] = "continue"
    promise_warnings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a ticket; `kind` says which of the others it means.

    `policy` is a key of the policies, None for no policy (`created`, `policy_changed`); `priority`
    and `state` hold from then on wherever they are given; `due_at` is what was `promised`. Only
    public replies are events here. `solved`, `cancelled`, `reopened` say what the move of the
    state meant, so that names of states are the organisation's own.
    """

    at: datetime
    kind: EventKind
    policy: str | None = None
    priority: str | None = None
    state: str | None = None
    due_at: datetime | None = None


class Condition(NamedTuple):
    """Under what a run goes on: `stop` is the reason for which it stands still, None if it does not.

    `policy` is the key of the policy in force; a promise's is that of when it was made.
    """

    calendar: Calendar
    target: Target | None
    stop: Reason | None
    policy: str | None


@dataclass(slots=True)
class Run:
    """One course of a clock; each mark begins a condition, no two at one instant."""

    kind: Kind
    number: int
    marks: list[tuple[datetime, Condition]]
    ended_at: datetime | None = None
    is_met: bool = False

    @property
    def started_at(self) -> datetime:
        return self.marks[0][0]


@dataclass(slots=True)
class Course:
    """Where a ticket stands while its events are gone through.

    `runs` are all so far, in the order of their starts; `open` those that have not ended, `cut_off`
    those that the ticket's end ended and its reopening takes up.
    """

    policies: Mapping[str, Policy]
    key: str | None = None
    priority: str = ""
    state: str = ""
    runs: list[Run] = field(default_factory=list)
    open: list[Run] = field(default_factory=list)
    cut_off: list[Run] = field(default_factory=list)
    counts: Counter[Kind] = field(default_factory=Counter)
    is_answered: bool = False
    is_waiting: bool = False  # a customer's reply is unanswered
    ended: tuple[EventKind, datetime] | None = None

    @property
    def policy(self) -> Policy | None:
        return None if self.key is None else self.policies[self.key]


def course_of(
    policies: Mapping[str, Policy], events: Sequence[Event], now: datetime
) -> Course | None:
    """Everything up to and including `now`; None before the creation.

    Events of one instant count in the order given; one dated before the creation counts at it.
    ValueError unless exactly one is `created`, KeyError for a policy that is not among `policies`.
    """
    [created] = [event for event in events if event.kind == "created"]
    begun, course = cut(created.at), Course(policies)
    others = [(max(cut(e.at), begun), e) for e in events if e is not created]
    for at, event in [(begun, created), *sorted(others, key=lambda each: each[0])]:
        if at <= now:
            _follow(course, at, event)
    return course if course.runs else None


def target_of(policy: Policy | None, priority: str, kind: Kind) -> Target | None:
    return policy.targets.get(priority, {}).get(kind) if policy else None


def _follow(course: Course, at: datetime, event: Event) -> None:
    if event.kind in ("created", "policy_changed"):
        course.key = event.policy
    course.priority = course.priority if event.priority is None else event.priority
    course.state = course.state if event.state is None else event.state
    if follow := FOLLOWED.get(event.kind):
        follow(course, at, event)
    for run in course.open:
        if run.kind != "promise":
            _mark(run, at, _condition(course, run.kind))


def _condition(course: Course, kind: Kind) -> Condition:
    policy, target = course.policy, target_of(course.policy, course.priority, kind)
    if policy is None or target is None:
        return Condition(ALWAYS, None, NO_TARGET, course.key)
    is_paused = kind in policy.pauses.get(course.state, ())
    stop = Reason("state", course.state) if is_paused else None
    return Condition(policy.calendar, target, stop, course.key)


def _mark(run: Run, at: datetime, condition: Condition) -> None:
    """Only what changes; of two at one instant the later."""
    if len(run.marks) > 1 and run.marks[-1][0] == at:
        run.marks.pop()
    if run.marks[-1][0] == at:
        run.marks = [(at, condition)]
    elif run.marks[-1][1] != condition:
        run.marks.append((at, condition))


def _start(course: Course, kind: Kind, at: datetime, condition: Condition | None = None) -> None:
    course.counts[kind] += 1
    run = Run(kind, course.counts[kind], [(at, condition or _condition(course, kind))])
    course.runs.append(run)
    course.open.append(run)


def _end(course: Course, at: datetime, kinds: Collection[Kind], *, is_met: bool) -> None:
    for run in [each for each in course.open if each.kind in kinds]:
        run.ended_at, run.is_met = at, is_met
        course.open.remove(run)


def _created(course: Course, at: datetime, event: Event) -> None:
    _start(course, "first_response", at)
    _start(course, "resolution", at)


def _agent_replied(course: Course, at: datetime, event: Event) -> None:
    _end(course, at, REPLIED, is_met=True)
    if all(run.started_at < at for run in course.open if run.kind == "promise"):
        _end(course, at, PROMISE, is_met=True)
    for run in [each for each in course.cut_off if each.kind in REPLIED]:
        run.is_met = run.ended_at == at  # answered and solved at one instant, told in either order
        course.cut_off.remove(run)
    course.is_answered, course.is_waiting = True, False
    if course.ended is None:
        _start(course, "update", at)


def _customer_replied(course: Course, at: datetime, event: Event) -> None:
    course.is_waiting = True
    _start_next(course, at)


def _start_next(course: Course, at: datetime) -> None:
    is_due = course.is_waiting and course.is_answered and course.ended is None
    if is_due and all(run.kind != "next_response" for run in course.open):
        _start(course, "next_response", at)


def _ended(course: Course, at: datetime, event: Event) -> None:
    """Solved, cancelled, merged or deleted: of several ends the first holds."""
    is_solved = event.kind == "solved"
    _end(course, at, PROMISE, is_met=is_solved)
    if course.ended is None:
        course.ended, course.cut_off = (event.kind, at), [*course.open]
        _end(course, at, RESOLUTION, is_met=is_solved)
        _end(course, at, KINDS, is_met=False)


def _reopened(course: Course, at: datetime, event: Event) -> None:
    if course.ended is None or UNDOES.get(event.kind, course.ended[0]) != course.ended[0]:
        return
    (word, since), course.ended = course.ended, None
    policy, runs, course.cut_off = course.policy, course.cut_off, []
    is_anew = event.kind == "reopened" and policy is not None and policy.on_reopen == "anew"
    for run in runs:
        if is_anew:
            _start(course, run.kind, at)
            continue
        _mark(run, since, run.marks[-1][1]._replace(stop=Reason(word)))
        run.ended_at, run.is_met = None, False
        course.open.append(run)
    _start_next(course, at)


def _promised(course: Course, at: datetime, event: Event) -> None:
    """ValueError without the instant that was promised; one that is past is due at once."""
    if event.due_at is None:
        raise ValueError("A promise has a due_at.")
    _end(course, at, PROMISE, is_met=False)
    warnings = course.policy.promise_warnings if course.policy else ()
    target = Target(max(whole_seconds(at, cut(event.due_at)), 0), warnings)
    _start(course, "promise", at, Condition(ALWAYS, target, None, course.key))


def _promise_over(course: Course, at: datetime, event: Event) -> None:
    _end(course, at, PROMISE, is_met=event.kind == "promise_kept")


FOLLOWED: Mapping[EventKind, Callable[[Course, datetime, Event], None]] = {
    "created": _created,
    "agent_replied": _agent_replied,
    "customer_replied": _customer_replied,
    "solved": _ended,
    "cancelled": _ended,
    "merged": _ended,
    "deleted": _ended,
    "reopened": _reopened,
    "unmerged": _reopened,
    "restored": _reopened,
    "promised": _promised,
    "promise_kept": _promise_over,
    "promise_withdrawn": _promise_over,
}
