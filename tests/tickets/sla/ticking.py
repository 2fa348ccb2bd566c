"""Brute force over clocks: a counter for each run, moved on minute after minute, or second after second.

Written from the words of `run_rules` and `clock_rules` alone and without their code: it walks the
minutes of a calendar (`minutes`), lets what happened at a minute take effect, then counts that
minute or does not. Events, targets and shares of them are whole steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from guanxi_tickets.sla.calendar_rules import ALWAYS, Calendar
from guanxi_tickets.sla.run_rules import Event, Policy, Target
from tests.tickets.sla.minutes import MINUTE, minutes

SECOND = timedelta(seconds=1)
WAITING = ("first_response", "next_response", "update")


@dataclass
class Counter:
    kind: str
    started_at: datetime
    target: Target | None = None
    policy: str | None = None
    elapsed: int = 0
    warned: dict[int, datetime] = field(default_factory=dict)
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    is_met: bool = False
    is_cut_off: bool = False
    had_target: bool = False
    ticks: list[tuple[datetime, bool]] = field(default_factory=list)


class Ticking:
    def __init__(self, policies: Mapping[str, Policy], step: timedelta) -> None:
        self.policies, self.step = policies, step
        self.counters: list[Counter] = []
        self.key: str | None = None
        self.policy: Policy | None = None
        self.priority = self.state = ""
        self.ended: str | None = None
        self.is_answered = self.is_waiting = False

    def running(self, *kinds: str) -> list[Counter]:
        return [c for c in self.counters if c.ended_at is None and c.kind in kinds]

    def begin(self, kind: str, at: datetime) -> None:
        self.counters.append(Counter(kind, at))

    def stop(self, at: datetime, *kinds: str, is_met: bool) -> None:
        for counter in self.running(*kinds):
            counter.ended_at, counter.is_met = at, is_met

    def take(self, at: datetime, event: Event) -> None:
        if event.kind in ("created", "policy_changed"):
            self.key = event.policy
            self.policy = self.policies[self.key] if self.key else None
        self.priority = event.priority or self.priority
        self.state = event.state or self.state
        getattr(self, event.kind, lambda at, event: None)(at, event)

    def created(self, at: datetime, event: Event) -> None:
        self.begin("first_response", at)
        self.begin("resolution", at)

    def agent_replied(self, at: datetime, event: Event) -> None:
        self.stop(at, *WAITING, is_met=True)
        for promise in self.running("promise"):
            if promise.started_at < at:
                self.stop(at, "promise", is_met=True)
        for counter in self.counters:
            if counter.is_cut_off and counter.kind in WAITING:
                counter.is_cut_off = False
                counter.is_met = counter.ended_at == at
        self.is_answered, self.is_waiting = True, False
        if not self.ended:
            self.begin("update", at)

    def customer_replied(self, at: datetime, event: Event) -> None:
        self.is_waiting = True
        self.ask(at)

    def ask(self, at: datetime) -> None:
        is_due = self.is_waiting and self.is_answered and not self.ended
        if is_due and not self.running("next_response"):
            self.begin("next_response", at)

    def end(self, at: datetime, word: str) -> None:
        self.stop(at, "promise", is_met=word == "solved")
        if not self.ended:
            self.ended = word
            for counter in self.running(*WAITING, "resolution"):
                counter.is_cut_off = True
            self.stop(at, "resolution", is_met=word == "solved")
            self.stop(at, *WAITING, is_met=False)

    def solved(self, at: datetime, event: Event) -> None:
        self.end(at, "solved")

    def merged(self, at: datetime, event: Event) -> None:
        self.end(at, "merged")

    def cancelled(self, at: datetime, event: Event) -> None:
        self.end(at, "cancelled")

    def deleted(self, at: datetime, event: Event) -> None:
        self.end(at, "deleted")

    def restored(self, at: datetime, event: Event) -> None:
        if self.ended == "deleted":
            self.resume(at, is_anew=False)

    def unmerged(self, at: datetime, event: Event) -> None:
        if self.ended == "merged":
            self.resume(at, is_anew=False)

    def reopened(self, at: datetime, event: Event) -> None:
        if self.ended:
            self.resume(at, is_anew=bool(self.policy and self.policy.on_reopen == "anew"))

    def resume(self, at: datetime, *, is_anew: bool) -> None:
        self.ended = None
        for counter in [c for c in self.counters if c.is_cut_off]:
            counter.is_cut_off = False
            if is_anew:
                self.begin(counter.kind, at)
                continue
            gap = (at - (counter.ended_at or at)) // self.step
            counter.ticks += [(at - (gap - n) * self.step, False) for n in range(gap)]
            counter.ended_at, counter.is_met = None, False
        self.ask(at)

    def promised(self, at: datetime, event: Event) -> None:
        self.stop(at, "promise", is_met=False)
        self.begin("promise", at)
        assert event.due_at
        warnings = self.policy.promise_warnings if self.policy else ()
        self.counters[-1].target = Target(int((event.due_at - at).total_seconds()), warnings)

    def promise_kept(self, at: datetime, event: Event) -> None:
        self.stop(at, "promise", is_met=True)

    def promise_withdrawn(self, at: datetime, event: Event) -> None:
        self.stop(at, "promise", is_met=False)

    def calendar_of(self, counter: Counter) -> Calendar | None:
        """None while it stands still."""
        if counter.kind == "promise":
            return ALWAYS
        if counter.target is None or self.policy is None:
            return None
        is_paused = counter.kind in self.policy.pauses.get(self.state, ())
        return None if is_paused else self.policy.calendar

    def look(self, at: datetime) -> None:
        """What has come about for those that run at this instant."""
        for counter in self.running(*WAITING, "resolution", "promise"):
            target = counter.target
            if target and self.calendar_of(counter) and counter.breached_at is None:
                for percent in target.warnings:
                    if target.seconds * percent <= counter.elapsed * 100 < target.seconds * 100:
                        counter.warned.setdefault(percent, at)

    def aim(self) -> None:
        """Targets of the policy that is in force now."""
        for counter in self.running(*WAITING, "resolution"):
            targets = self.policy.targets.get(self.priority, {}) if self.policy else {}
            counter.policy = self.key
            counter.target = targets.get(counter.kind)  # type: ignore[call-overload]

    def note(self) -> None:
        """A target counts as one when it outlasts the instant, or the run's end at it."""
        for counter in self.counters:
            counter.had_target |= counter.target is not None

    def tick(self, at: datetime, open_by: Mapping[int, bool]) -> None:
        """The step from `at` on."""
        for counter in self.running(*WAITING, "resolution", "promise"):
            calendar, target = self.calendar_of(counter), counter.target
            if calendar and target and counter.elapsed >= target.seconds:
                counter.breached_at = counter.breached_at or at + SECOND
            is_open = calendar is not None and (calendar is ALWAYS or open_by[id(calendar)])
            counter.elapsed += self.step // SECOND * is_open
            counter.ticks.append((at, is_open))


def ticked(
    policies: Mapping[str, Policy],
    events: Sequence[Event],
    now: datetime,
    step: timedelta = MINUTE,
) -> list[Counter]:
    """All counters at `now`, a whole number of steps from the start, in the order of their starts."""
    ticking, start = Ticking(policies, step), events[0].at
    calendars = {id(p.calendar): p.calendar for p in policies.values()}
    walks = {key: dict(minutes(each, start, now, step)) for key, each in calendars.items()}
    at = start
    while at <= now:
        ticking.look(at)
        for event in [each for each in events if each.at == at]:
            ticking.take(at, event)
            ticking.aim()
        ticking.note()
        ticking.look(at)
        if at < now:
            ticking.tick(at, {key: walk[at] for key, walk in walks.items()})
        at += step
    return [counter for counter in ticking.counters if counter.had_target]
