"""What the gateway costs: the same gets through it and past it, loaded and alone."""

from collections.abc import Iterator

from tests.bench import goals
from tests.bench.bench import Bench, warm_up
from tests.bench.reads import get_by_id
from tests.bench.report import Row
from tests.bench.turns import Turns, in_turns


def measure_hop(bench: Bench) -> Iterator[Row]:
    loaded = _through_and_past(bench, connections=None)
    yield Row(
        "gateway: throughput of gets", loaded.rate, "/s", share=loaded.share, of="direct",
        goal=goals.HOP_THROUGHPUT, details=loaded.details(),
    )  # fmt: skip
    yield Row(
        "gateway: p99 under load", loaded.p99, "ms", share=loaded.tail, of="p50",
        goal=goals.TAIL, details=loaded.details(),
    )  # fmt: skip
    alone = _through_and_past(bench, connections=1)
    yield Row(
        "gateway: p50 unloaded", alone.p50, "ms", share=alone.slowdown, of="direct",
        goal=goals.HOP_UNLOADED, details=alone.details(),
    )  # fmt: skip


def _through_and_past(bench: Bench, *, connections: int | None) -> Turns:
    through, past = get_by_id(bench), get_by_id(bench, url=bench.suite.url_of("contacts"))
    warm_up(through)
    warm_up(past)
    return in_turns(
        lambda: bench.press(through, connections=connections),
        lambda: bench.press(past, connections=connections),
        rounds=bench.size.rounds,
    )
