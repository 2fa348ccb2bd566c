"""The demo's client against a small gateway that fails, forgets and repeats as told."""

from collections.abc import Callable

import httpx
import pytest

from guanxi_gateway.cli.demo import client as clients
from guanxi_gateway.cli.demo.client import DemoClient, DemoRefused, Write
from tests.gateway.demo.door import Door

Handler = Callable[[httpx.Request], httpx.Response]
RECORDS = [{"id": f"id-{number}", "name": f"name {number}"} for number in range(600)]


def client_of(door: Handler) -> DemoClient:
    return DemoClient("http://gateway", transport=httpx.MockTransport(door))


def test_batches_hold_so_many_and_say_how_far_they_are() -> None:
    door = Door()
    with client_of(door) as client:
        assert list(client.create_in_batches("/v1/accounts", RECORDS)) == [250, 500, 600]
    assert len(door.kept) == 600
    assert len({call.headers["idempotency-key"] for call in door.calls}) == 3


def test_a_second_run_sends_the_same_keys_and_changes_nothing() -> None:
    door = Door()
    with client_of(door) as client:
        list(client.create_in_batches("/v1/accounts", RECORDS))
        list(client.create_in_batches("/v1/accounts", RECORDS))
    keys = [call.headers["idempotency-key"] for call in door.calls]
    assert keys[:3] == keys[3:]
    assert len(door.kept) == 600


def test_a_run_that_was_interrupted_goes_on_where_it_stopped() -> None:
    door = Door()
    with client_of(door) as client:
        next(client.create_in_batches("/v1/accounts", RECORDS))
        assert len(door.kept) == 250
        list(client.create_in_batches("/v1/accounts", RECORDS))
    assert len(door.kept) == 600


def test_single_records_that_are_there_are_not_sent_again() -> None:
    door = Door()
    door.kept = {record["id"]: record for record in RECORDS[:5]}
    with client_of(door) as client:
        assert list(client.create_missing("/v1/teams", RECORDS[:7])) == [1, 2, 3, 4, 5, 6, 7]
    assert sum(call.method == "POST" for call in door.calls) == 2


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("cut"),
        httpx.Response(503, json={"detail": "Starting."}),
        httpx.Response(429, json={"detail": "Slower."}),
        httpx.Response(409, json={"code": "still_running", "detail": "Still running."}),
    ],
    ids=["refused", "cut", "503", "429", "still running"],
)
def test_it_tries_again_while_the_suite_is_away(failure: httpx.Response | Exception) -> None:
    door = Door(failure)
    with client_of(door) as client:
        assert list(client.create_in_batches("/v1/accounts", RECORDS[:10])) == [10]
    assert len(door.calls) == 2
    assert len({call.headers["idempotency-key"] for call in door.calls}) == 1


def test_it_gives_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "PATIENCE_SECONDS", 0.0)
    door = Door(httpx.ConnectError("refused"))
    with client_of(door) as client, pytest.raises(DemoRefused, match="make run starts it"):
        client.sign_in("admin@demo.example", "secret")


def test_a_refused_record_is_named_with_its_reason() -> None:
    records = [*RECORDS[:3], {"id": "x", "name": "wrong"}]
    with client_of(Door()) as client, pytest.raises(DemoRefused, match=r"1 of 4.*name: Wrong"):
        list(client.create_in_batches("/v1/accounts", records))


def test_another_password_than_the_stored_one_is_explained() -> None:
    door = Door(httpx.Response(401, json={"detail": "E-mail address or password is wrong"}))
    with client_of(door) as client, pytest.raises(DemoRefused, match="GUANXI_DEMO_PASSWORD"):
        client.sign_in("admin@demo.example", "secret")


def test_an_organisation_that_exists_is_not_an_error() -> None:
    door = Door(httpx.Response(201, json={}), httpx.Response(409, json={"code": "not_unique"}))
    secret = "x" * 40
    with client_of(door) as client:
        assert client.make_organisation({"name": "demo"}, service_secret=secret)
        assert not client.make_organisation({"name": "demo"}, service_secret=secret)
    assert all(call.headers["authorization"].startswith("Bearer ey") for call in door.calls)


def test_the_writes_of_a_chain_keep_their_order_whatever_the_others_do() -> None:
    door = Door()
    chains = [
        [Write(f"/v1/accounts/{id}/standing", {"step": step}, version=step) for step in (1, 2, 3)]
        for id in "abcdefghij"
    ]
    with client_of(door) as client:
        assert list(client.write_chains(chains)) == list(range(1, 11))
    assert [[move["step"] for move in door.moves[id]] for id in "abcdefghij"] == [[1, 2, 3]] * 10


def test_a_write_on_a_version_that_is_past_changes_nothing() -> None:
    door = Door()
    write = Write("/v1/accounts/a/standing", {"grade": "A"}, version=1)
    with client_of(door) as client:
        list(client.write_chains([[write], [write]]))
    assert len(door.moves["a"]) == 1


def test_a_refused_write_ends_the_others() -> None:
    chains = [[Write(f"/v1/contacts/{n}/consents", {"id": n, "name": "wrong"})] for n in range(40)]
    door = Door()
    with client_of(door) as client, pytest.raises(DemoRefused, match="consents refused"):
        list(client.write_chains(chains))
    assert len(door.calls) < len(chains)
