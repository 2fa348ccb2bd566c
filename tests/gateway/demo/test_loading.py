"""The whole load, against a small gateway."""

import httpx
import pytest

from guanxi_gateway.cli.demo import Loaded, load
from guanxi_gateway.cli.demo import command as commands
from guanxi_gateway.cli.demo.client import DemoRefused
from guanxi_gateway.cli.demo.loading import Tell
from guanxi_shared.launch.errors import LaunchError
from tests.gateway.demo.door import Door

SECRET = "s3Cr3t0fTheServices" * 2


def load_into(door: Door, *, tell: Tell = lambda step, done, total: None) -> Loaded:
    transport = httpx.MockTransport(door)
    return load(
        "http://gateway",
        password="pass word",
        service_secret=SECRET,
        tell=tell,
        transport=transport,
    )


def posted(door: Door) -> list[str]:
    return [call.url.path for call in door.calls if call.method == "POST"]


def test_everything_is_made_after_what_it_refers_to() -> None:
    door = Door()
    assert load_into(door) == Loaded(is_new=True, users=19, companies=300, people=900)
    order = list(dict.fromkeys(posted(door)))
    assert order == [
        "/v1/organisations",
        "/v1/auth/sign-in",
        "/v1/teams",
        "/v1/users",
        "/v1/fields",
        "/v1/accounts/batch",
        "/v1/contacts/batch",
    ]
    assert len(door.kept) == 1 + 9 + 18 + 5 + 300 + 900


def test_it_signs_in_again_once_the_users_are_there() -> None:
    door = Door()
    load_into(door)
    tokens = {call.headers["authorization"] for call in door.calls if "batch" in call.url.path}
    assert len(tokens) == 1
    assert posted(door).count("/v1/auth/sign-in") == 2
    fields = [call for call in door.calls if call.url.path == "/v1/fields"]
    assert tokens.isdisjoint(call.headers["authorization"] for call in fields)


def test_a_second_load_makes_nothing() -> None:
    door = Door()
    load_into(door)
    kept = dict(door.kept)
    assert not load_into(door).is_new
    assert door.kept == kept


def test_progress_ends_at_the_total_of_each_step() -> None:
    seen: dict[str, tuple[int, int]] = {}
    load_into(Door(), tell=lambda step, done, total: seen.update({step: (done, total)}))
    assert list(seen) == ["teams", "users", "fields", "companies", "people"]
    assert all(done == total for done, total in seen.values())


def test_a_demo_of_another_seed_is_left_alone() -> None:
    door = Door()
    door.organisation_id = "another"
    with pytest.raises(DemoRefused, match="GUANXI_DEMO_SEED"):
        load_into(door)
    assert posted(door)[-1] == "/v1/auth/sign-in"


def test_the_command_asks_for_a_suite_that_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("GUANXI_DATA_DIR", f"{tmp_path}/nowhere")
    monkeypatch.delenv("GUANXI_SERVICE_SECRET", raising=False)
    with pytest.raises(LaunchError, match="start the suite first"):
        commands.demo()


def test_the_command_refuses_a_seed_that_is_no_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GUANXI_SERVICE_SECRET", SECRET)
    monkeypatch.setenv("GUANXI_DEMO_SEED", "spring")
    with pytest.raises(LaunchError, match="whole number"):
        commands.demo()
