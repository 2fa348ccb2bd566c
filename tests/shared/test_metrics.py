import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from guanxi_shared import metrics

SHARED = Path(metrics.__file__).parents[1]


def value(name: str, **labels: str) -> float | None:
    body, _ = metrics.render()
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


@dataclass
class Pool:
    size: int
    idle: int

    def get_size(self) -> int:
        return self.size

    def get_idle_size(self) -> int:
        return self.idle


def test_a_request_is_counted_under_its_route_template() -> None:
    for _ in range(3):
        metrics.observe_request("GET", "/v1/things/{id}", 200, 0.004)

    labels = {"method": "GET", "route": "/v1/things/{id}", "status": "200"}
    assert value("http_request_duration_seconds_count", **labels) == 3
    assert value("http_request_duration_seconds_sum", **labels) == pytest.approx(0.012)
    assert value("http_request_duration_seconds_bucket", le="0.005", **labels) == 3
    assert value("http_request_duration_seconds_bucket", le="0.002", **labels) == 0


def test_methods_a_caller_makes_up_share_one_label() -> None:
    before = len(metrics._children)
    for number in range(20):
        metrics.observe_request(f"MADEUP{number}", "/v1/other", 405, 0.001)

    assert value("http_request_duration_seconds_count", method="OTHER", route="/v1/other") == 20
    assert len(metrics._children) == before


def test_requests_in_flight_are_read_when_asked() -> None:
    running = [1, 2, 3]
    metrics.watch_in_flight(lambda: len(running))
    running.pop()

    assert value("http_requests_in_flight") == 2


def test_refused_requests_are_counted_by_reason() -> None:
    before = value("http_requests_shed_total", reason="test") or 0
    metrics.count_shed("test")

    assert value("http_requests_shed_total", reason="test") == before + 1


def test_pool_gauges_follow_the_pool() -> None:
    pool = Pool(size=6, idle=2)
    metrics.watch_pool("contacts", pool)
    assert value("db_pool_connections", pool="contacts", state="used") == 4

    pool.idle = 5

    assert value("db_pool_connections", pool="contacts", state="idle") == 5
    assert value("db_pool_connections", pool="contacts", state="used") == 1


def test_feed_lag_is_shown_in_positions_and_seconds() -> None:
    metrics.set_feed_lag("directory", positions=12, seconds=0.4)

    assert value("feed_lag_positions", consumer="directory") == 12
    assert value("feed_lag_seconds", consumer="directory") == 0.4


def test_a_job_state_that_is_gone_falls_back_to_zero() -> None:
    metrics.set_jobs({("import", "queued"): 4, ("import", "failed"): 1})
    metrics.set_jobs({("import", "picked"): 1})

    assert value("jobs", kind="import", state="queued") == 0
    assert value("jobs", kind="import", state="picked") == 1
    assert value("jobs", kind="import", state="failed") == 0


def test_an_open_breaker_is_shown() -> None:
    metrics.set_breaker("tickets", is_open=True)
    assert value("peer_breaker_open", peer="tickets") == 1

    metrics.set_breaker("tickets", is_open=False)

    assert value("peer_breaker_open", peer="tickets") == 0


def test_the_registry_holds_the_process_and_no_default_metrics_twice() -> None:
    body, content_type = metrics.render()

    assert body.count(b"# TYPE process_resident_memory_bytes") == 1
    assert content_type.startswith("text/plain")


def test_several_processes_on_one_port_are_summed(tmp_path: Path) -> None:
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "PYTHONPATH": str(SHARED),
    }
    program = (
        "from guanxi_shared import metrics as m; m.observe_request('GET', '/x', 200, 0.1);"
        "print(m.render()[0].decode())"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for _ in range(2)
    ]

    assert (
        'http_request_duration_seconds_count{method="GET",route="/x",status="200"} 2.0'
        in outputs[1]
    )
