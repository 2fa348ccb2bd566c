"""The clock of a service-level agreement: one pure function of policies, events and an instant.

Of every run (see `run_rules`), under each condition from its instant a to the next one's b:

    worked = working seconds of the condition's calendar in [a, b), 0 while it stands still
    elapsed(b) = elapsed(a) + worked
    due = the first instant >= a by which target - elapsed(a) working seconds have passed; a, if none are left

`due_at` is the last second in time: an event at it meets the target. The run is breached at
`due_at` + 1 s, if the condition still holds then; so nothing is breached while it stands still, and
what uses up its time exactly as a pause begins has until the very second in which the pause ends.
A warning happens when its share of the target, rounded up to the second, has passed before `due_at`.
What has happened by an instant stays so whatever comes after it; a target that is shortened below
what has passed is due at the instant of the change, not before.

Everything is in whole seconds of UTC, so that sums are exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from guanxi_tickets.sla.calendar_rules import (
    Calendar,
    Stretch,
    add_working,
    cut,
    worked_between,
    worked_seconds,
)
from guanxi_tickets.sla.run_rules import (
    KINDS,
    Condition,
    Course,
    Event,
    Kind,
    Policy,
    Run,
    Target,
    course_of,
    target_of,
)

State = Literal["not_started", "running", "paused", "met", "breached", "cancelled"]
SECOND = timedelta(seconds=1)


class Timer(NamedTuple):
    """When something happens to a run; (kind, number, what, percent) names it once and for all."""

    at: datetime
    kind: Kind
    number: int
    what: Literal["warning", "breach"]
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run's clock shows at an instant; instants in UTC, lengths in working seconds.

    `number` counts the runs of a kind from 1, and is 0 for one that has not begun. `policy` (its key)
    and `target_seconds` are those in force, or at the end. `remaining_seconds` is target less elapsed, below 0 when
    late. `due_at` is None while paused, when cancelled and when it never comes; `due_if_resumed_at`
    is what it would be if a pause ended now. A run that is breached and ended was late: `met_at`
    says when. `happened` and `coming` are its warnings and its breach, in order.
    """

    kind: Kind
    number: int
    state: State
    policy: str | None
    target_seconds: int | None
    elapsed_seconds: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    met_at: datetime | None = None
    due_at: datetime | None = None
    due_if_resumed_at: datetime | None = None
    happened: tuple[Timer, ...] = ()
    coming: tuple[Timer, ...] = ()

    @property
    def remaining_seconds(self) -> int | None:
        return None if self.target_seconds is None else self.target_seconds - self.elapsed_seconds

    @property
    def breached_at(self) -> datetime | None:
        return next((timer.at for timer in self.happened if timer.what == "breach"), None)

    @property
    def warning_at(self) -> datetime | None:
        """The next warning that is to come."""
        return next((timer.at for timer in self.coming if timer.what == "warning"), None)


class Period(NamedTuple):
    """A condition from an instant to another; only the last may have no length."""

    from_at: datetime
    to_at: datetime
    condition: Condition


@dataclass(slots=True)
class Count:
    """A run's sums so far; `due_at` and `coming` are those of the last period."""

    elapsed: int = 0
    due_at: datetime | None = None
    breached_due_at: datetime | None = None
    happened: list[Timer] = field(default_factory=list)
    coming: list[Timer] = field(default_factory=list)


class Explained(NamedTuple):
    """A reading with its stretches, each under a condition; the counted add up to `elapsed_seconds`."""

    reading: Reading
    stretches: tuple[tuple[Stretch, Condition], ...]


def read_clocks(
    policies: Mapping[str, Policy], events: Sequence[Event], now: datetime
) -> list[Reading]:
    """Every run that has had a target, in the order of starts; then the kinds that have not begun.

    Events after `now` have not happened: this is also the clock as of then. Empty before the
    creation. Errors as of `course_of`; ValueError for an instant without time zone.
    """
    return [each.reading for each in _explained(policies, events, now, with_stretches=False)]


def explain(
    policies: Mapping[str, Policy], events: Sequence[Event], now: datetime
) -> list[Explained]:
    """`read_clocks` with the stretches of each run, from its start to its end or now, without hole.

    Reasons are those of `worked_between`, and of what stands still: `state` (with its name),
    `no_target`, `solved`, `cancelled`, `merged`, `deleted`.
    """
    return _explained(policies, events, now, with_stretches=True)


def next_due(readings: Sequence[Reading]) -> list[Timer]:
    """All that is to come if nothing else happens, the earliest first; for an index of timers."""
    return sorted(timer for reading in readings for timer in reading.coming)


def current(readings: Sequence[Reading], kind: Kind) -> Reading | None:
    """The latest of a kind."""
    return next((each for each in reversed(readings) if each.kind == kind), None)


def _explained(
    policies: Mapping[str, Policy], events: Sequence[Event], now: datetime, *, with_stretches: bool
) -> list[Explained]:
    now = cut(now)
    course = course_of(policies, events, now)
    if course is None:
        return []
    found = []
    for run in course.runs:
        if any(condition.target for _, condition in run.marks):
            periods = _periods(run, now)
            stretches = tuple(_stretches(periods)) if with_stretches else ()
            found.append(Explained(_read(run, periods, now), stretches))
    return found + [Explained(reading, ()) for reading in _not_begun(course)]


def _not_begun(course: Course) -> Iterator[Reading]:
    for kind in KINDS:
        target = target_of(course.policy, course.priority, kind)
        if target and not course.counts[kind]:
            yield Reading(kind, 0, "not_started", course.key, target.seconds)


def _periods(run: Run, now: datetime) -> list[Period]:
    ends = [at for at, _ in run.marks[1:]] + [run.ended_at or now]
    found = [Period(at, to, c) for (at, c), to in zip(run.marks, ends, strict=True)]
    return [each for each in found[:-1] if each.from_at < each.to_at] + found[-1:]


def _stretches(periods: Sequence[Period]) -> Iterator[tuple[Stretch, Condition]]:
    for at, to, condition in periods:
        if condition.stop is None:
            for stretch in worked_between(condition.calendar, at, to):
                yield stretch, condition
        elif at < to:
            yield Stretch(at, to, False, condition.stop), condition


def _read(run: Run, periods: Sequence[Period], now: datetime) -> Reading:
    count, (_, condition) = _count(run, periods), run.marks[-1]
    state, target = _state(run, condition, count), condition.target
    due = {"breached": count.breached_due_at, "running": count.due_at, "met": count.due_at}
    left = target.seconds - count.elapsed if target and state == "paused" else None
    return Reading(
        kind=run.kind,
        number=run.number,
        state=state,
        policy=condition.policy,
        target_seconds=target.seconds if target else None,
        elapsed_seconds=count.elapsed,
        started_at=run.started_at,
        ended_at=run.ended_at,
        met_at=run.ended_at if run.is_met else None,
        due_at=due.get(state),
        due_if_resumed_at=None if left is None else _after(condition.calendar, now, left),
        happened=tuple(count.happened),
        coming=tuple(sorted(count.coming)) if state == "running" else (),
    )


def _state(run: Run, condition: Condition, count: Count) -> State:
    if count.breached_due_at:
        return "breached"
    if condition.target is None or (run.ended_at and not run.is_met):
        return "cancelled"
    if run.ended_at:
        return "met"
    return "paused" if condition.stop else "running"


def _count(run: Run, periods: Sequence[Period]) -> Count:
    """An early period in which not even the first share is used up is summed and not searched."""
    count = Count()
    for n, period in enumerate(periods):
        count.due_at, count.coming = None, []
        calendar, target, stop, _ = period.condition
        if stop or target is None:
            continue
        before = count.elapsed
        count.elapsed += worked_seconds(calendar, period.from_at, period.to_at)
        first = min((*_shares(target).values(), target.seconds))
        is_worth_it = count.elapsed >= first or n == len(periods) - 1
        if is_worth_it and count.breached_due_at is None:
            _time(count, run, period, before)
    return count


def _time(count: Count, run: Run, period: Period, before: int) -> None:
    """What happens in a period, and what is to come if it goes on."""
    calendar, target = period.condition.calendar, period.condition.target
    assert target
    due = count.due_at = _after(calendar, period.from_at, target.seconds - before)
    past = {timer.percent for timer in count.happened}
    timers = []
    for percent, share in _shares(target).items():
        at = None if percent in past else _after(calendar, period.from_at, share - before)
        if at is not None and (due is None or at < due):
            timers.append(Timer(at, run.kind, run.number, "warning", percent))
    if due is not None:
        timers.append(Timer(due + SECOND, run.kind, run.number, "breach"))
        if due < period.to_at:
            count.breached_due_at = due
    if not period.from_at == period.to_at == run.ended_at:  # what came at the end's own instant
        count.happened += sorted(timer for timer in timers if timer.at <= period.to_at)
    count.coming = [timer for timer in timers if timer.at > period.to_at]


def _shares(target: Target) -> dict[int, int]:
    """Percents to seconds, rounded up."""
    return {percent: -(-target.seconds * percent // 100) for percent in target.warnings}


def _after(calendar: Calendar, at: datetime, seconds: int) -> datetime | None:
    """At once if nothing is left."""
    return add_working(calendar, at, max(seconds, 0))
