"""Devices against the running suite: a wipe, and a hint that is written by the worker."""

import pytest

from tests.deadlines import eventually
from tests.sync.conftest import Person, World

pytestmark = pytest.mark.system


def test_a_wiped_phone_hears_of_it_with_its_dead_tokens(world: World, rep: Person) -> None:
    """By a session of its own: the one that other tests share must live."""
    headers = {"authorization": f"Bearer {rep.token}"}
    named = {**headers, **rep.headers}
    assert rep.client.get("/v1/sync/pull", headers=named, auth=None).status_code == 200
    (device,) = [
        d for d in rep.found("/v1/devices?limit=200")["data"] if d["device_id"] == rep.device
    ]
    world.admin.made(f"/v1/devices/{device['id']}/wipe")
    answer = rep.client.get("/v1/sync/pull", headers=named, auth=None)
    assert (answer.status_code, answer.json()["code"]) == (410, "device_wiped")
    assert rep.client.get("/v1/accounts", headers=headers, auth=None).status_code == 401


def test_a_change_of_somebody_else_hints_the_phone_that_may_see_it(world: World) -> None:
    sent = {"name": "Phone", "platform": "ios", "push_token": "apns:canary"}
    leader, mate = world.leader.another_phone(), world.mate.another_phone()
    ids = {}
    for whose in (leader, mate):
        ids[whose.device] = whose.made("/v1/devices", device_id=whose.device, **sent)["id"]
        whose.pull()
    world.mover.made("/v1/accounts", name="Told to the leader")

    def is_hinted(device: str) -> bool:
        lines = (world.suite.data / "suite.log").read_text(errors="replace").splitlines()
        return any("push hint" in line and device in line for line in lines)

    eventually(lambda: is_hinted(ids[leader.device]))
    assert "Told to the leader" not in (world.suite.data / "suite.log").read_text(errors="replace")
    assert "apns:canary" not in (world.suite.data / "suite.log").read_text(errors="replace")
