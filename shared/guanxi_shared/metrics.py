"""What a process tells Prometheus: its requests, its pool, its feed and its jobs.

One registry of our own. Labels hold route templates and names out of our code, never a value
sent by a caller: each new label value is a time series for ever. With several worker processes
on one port, set PROMETHEUS_MULTIPROC_DIR to an empty folder and every answer sums them up.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REGISTRY: Final = CollectorRegistry()
BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
JOB_STATES: Final = ("queued", "picked", "failed")

_requests = Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
_in_flight = Gauge(
    "http_requests_in_flight",
    "Requests being worked on",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
_shed = Counter(
    "http_requests_shed",
    "Requests refused before any work, by reason",
    ("reason",),
    registry=REGISTRY,
)
_pool = Gauge(
    "db_pool_connections",
    "Connections of a database pool by state (idle, used)",
    ("pool", "state"),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
_feed_positions = Gauge(
    "feed_lag_positions",
    "Events a consumer has not applied yet",
    ("consumer",),
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
_feed_seconds = Gauge(
    "feed_lag_seconds",
    "Age of the oldest event a consumer has not applied yet",
    ("consumer",),
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
_jobs = Gauge(
    "jobs",
    "Queued, picked (running) and failed (held) jobs of a kind",
    ("kind", "state"),
    registry=REGISTRY,
    multiprocess_mode="mostrecent",
)
_breaker_open = Gauge(
    "peer_breaker_open",
    "1 while calls to a peer fail at once",
    ("peer",),
    registry=REGISTRY,
    multiprocess_mode="max",
)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)


class Pool(Protocol):
    """The part of `asyncpg.Pool` that is looked at."""

    def get_size(self) -> int: ...
    def get_idle_size(self) -> int: ...


# Looking up a labelled child costs 1 µs and a lock; a dictionary of ready children 0.1.
_children: dict[tuple[str, str, int], Histogram] = {}


def observe_request(method: str, route_template: str, status: int, seconds: float) -> None:
    """Count a finished request under its template (`/v1/things/{id}`), never under its path."""
    child = _children.get((method, route_template, status))
    if child is None:
        known = method if method in METHODS else "OTHER"
        child = _requests.labels(known, route_template, str(status))
        if known == method:
            _children[method, route_template, status] = child
    child.observe(seconds)


def watch_in_flight(read: Callable[[], int]) -> None:
    """Let `read` give the number of requests in work when metrics are asked for."""
    _in_flight.set_function(read)


def count_shed(reason: str) -> None:
    """Count a refusal for `reason` (`in_flight`, `organisation`, `draining`, …)."""
    _shed.labels(reason).inc()


def watch_pool(name: str, pool: Pool) -> None:
    """Show the idle and used connections of a pool whenever metrics are asked for."""
    _pool.labels(name, "idle").set_function(pool.get_idle_size)
    _pool.labels(name, "used").set_function(lambda: pool.get_size() - pool.get_idle_size())


def set_feed_lag(consumer: str, *, positions: int, seconds: float) -> None:
    """Tell how far a consumer is behind its producer."""
    _feed_positions.labels(consumer).set(positions)
    _feed_seconds.labels(consumer).set(seconds)


def set_jobs(counts: Mapping[tuple[str, str], int]) -> None:
    """Show jobs by (kind, state); a state that is absent counts as zero."""
    for kind in {kind for kind, _ in counts}:
        for state in JOB_STATES:
            _jobs.labels(kind, state).set(counts.get((kind, state), 0))


def set_breaker(peer: str, *, is_open: bool) -> None:
    """Show whether calls to a peer fail at once."""
    _breaker_open.labels(peer).set(1 if is_open else 0)


class Read(Collector):
    """Figures that were just read from a database, shown once."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def exposed(families: Iterable[Metric]) -> bytes:
    """The exposition of figures that no process counts: every replica would show the same."""
    found = CollectorRegistry()
    found.register(Read(families))
    return generate_latest(found)


def render() -> tuple[bytes, str]:
    """The exposition of everything above and its content type."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together), CONTENT_TYPE_LATEST
