"""A long and messy file, in little memory; in a database of its own, which no other test has to be slow in."""

import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from guanxi_contacts.app import create
from guanxi_shared.edge import Edge
from tests.conftest import serving
from tests.contacts.transfers.sending import Sender
from tests.contacts.transfers.test_import_interrupted import alone  # noqa: F401
from tests.deadlines import until
from tests.prepared import Clone
from tests.stand_in import GatewayStandIn
from tests.working import as_launched

ROWS = 200_000
LIMIT = 400 * 1024 * 1024

pytestmark = pytest.mark.system


@pytest.fixture
async def service(
    own_database: Clone, gateway_stand_in: GatewayStandIn, tmp_path: Path
) -> AsyncIterator[Edge]:
    async with serving("contacts", create, own_database, gateway_stand_in, tmp_path) as app:
        yield app


@pytest.fixture
def worker_environment(
    service: Edge, own_database: Clone, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    return as_launched(service, "contacts", own_database, 2_000, monkeypatch)


def rows() -> Iterator[tuple[str, bool]]:
    """Lines and whether they can be imported: every fiftieth has something wrong."""
    dice = random.Random(7)
    for n in range(ROWS):
        email, staff, note = f"info{n}@firm{n}.example", str(dice.randrange(5_000)), "备注，第一行"
        wrong = n % 50 == 13
        if wrong:
            email, staff = dice.choice([("@@", "5"), (email, "many"), ("a b@c", "-")])
        if n % 97 == 0:
            note = f'"{note}\n""quoted"" and more"'
        yield f"X{n},上海第{n}贸易有限公司,{email},138{n:08},上海,{staff},{note}\r\n", not wrong


async def test_two_hundred_thousand_messy_rows_stay_below_the_limit(
    alone: Sender,  # noqa: F811
    worker_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    path, good = tmp_path / "large.csv", 0
    with path.open("wb") as file:
        file.write("编号,公司名称,邮箱,手机,城市,员工人数,备注\r\n".encode("gb18030"))
        for line, is_good in rows():
            file.write(line.encode("gb18030"))
            good += is_good
    answer = await alone.upload(path.read_bytes(), start="true")
    assert answer.status_code == 202, answer.text

    worker = psutil.Popen(
        [sys.executable, "-m", "guanxi_shared.worker", "guanxi_contacts"],
        env=worker_environment | {
            "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )  # fmt: skip
    peak = 0

    async def has_ended() -> bool:
        nonlocal peak
        # The file is read by a process of its own, which may end between two looks.
        for each in (worker, *worker.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                peak = max(peak, each.memory_info().rss)
        job = (await alone.client.get(f"/v1/jobs/{answer.json()['job']['id']}")).json()
        return job["status"] not in ("queued", "running")

    try:
        await until(has_ended, seconds=600)
    finally:
        worker.kill()
        worker.wait()
    found = await alone.ended(answer.json()["id"])
    assert found["job"]["status"] == "done"
    assert found["job"]["counts"]["created"] == good
    assert found["job"]["errors"] == ROWS - good
    assert 0 < peak < LIMIT
