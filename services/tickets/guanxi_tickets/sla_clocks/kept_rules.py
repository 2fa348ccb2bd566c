"""What a ticket keeps of its clocks: what is due, what was breached, when to look again. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from guanxi_tickets.sla.calendar_rules import cut
from guanxi_tickets.sla.clock_rules import Reading, Timer, current, next_due
from guanxi_tickets.sla.run_rules import KINDS, Event, Kind

EVERY_KIND: Final[tuple[Kind, ...]] = (*KINDS, "promise")


def kept_of(readings: Sequence[Reading], next_at: datetime | None) -> dict[str, Any]:
    """Columns of a ticket, none of which the passing of time alone makes wrong before `sla_next_at`.

    `sla` shows the latest run of each kind; `sla_due_at` is the first instant by which something that
    runs is due, or was: what is late stays due until it is done. `sla_breached` are the kinds of which
    any run was.
    """
    latest = [run for kind in EVERY_KIND if (run := current(readings, kind)) and run.number]
    dues = [(run.due_at, run) for run in latest if run.due_at and _is_under_way(run)]
    due_at, first = min(dues, key=lambda each: each[0], default=(None, None))
    breached = [k for k in EVERY_KIND if any(r.kind == k and r.breached_at for r in readings)]
    shown = {
        "state": _state(latest), "due_at": _text(due_at), "clock": first.kind if first else None,
        "breached": breached, "clocks": [_clock(run) for run in latest],
    }  # fmt: skip
    return {
        "sla": shown, "sla_due_at": due_at, "sla_breached": breached, "sla_next_at": next_at,
    }  # fmt: skip


def look_again_at(
    readings: Sequence[Reading], events: Sequence[Event], now: datetime, untold: datetime | None
) -> datetime | None:
    """When the next warning or breach comes. Sooner, where something is to be told already: what was
    due and is `untold`, what happened in this very second, or an event that is dated later than now
    (written by a machine whose clock goes before)."""
    if untold is not None and untold <= now:
        return untold
    just = [timer for reading in readings for timer in reading.happened if timer.at >= cut(now)]
    moments = [timer.at for timer in (*just, *next_due(readings)[:1])]
    return min([*moments, *(event.at for event in events if event.at > now)], default=None)


def happened_in(readings: Sequence[Reading]) -> list[tuple[Reading, Timer]]:
    """Every warning and breach so far, each with the run it is of, in the order of time."""
    found = [(reading, timer) for reading in readings for timer in reading.happened]
    return sorted(found, key=lambda each: each[1].at)


def _state(latest: Sequence[Reading]) -> str:
    """Running while any clock runs, late or not."""
    if any(_is_under_way(run) for run in latest):
        return "running"
    return "paused" if any(run.ended_at is None for run in latest) else "over"


def _is_under_way(run: Reading) -> bool:
    """Late or not."""
    return run.ended_at is None and run.state in ("running", "breached")


def _clock(run: Reading) -> dict[str, Any]:
    return {
        "kind": run.kind, "number": run.number, "state": run.state,
        "target_seconds": run.target_seconds, "due_at": _text(run.due_at),
        "met_at": _text(run.met_at), "breached_at": _text(run.breached_at),
    }  # fmt: skip


def _text(at: datetime | None) -> str | None:
    """As instants stand in JSON."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")
