"""Composites among others: somebody's edit in between, many at once, bad input, limits, erasure."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi_gateway.composite.rates import cost_of
from guanxi_gateway.composite.schemas import InnerRequest
from guanxi_gateway.composite.url_rules import UNDOABLE
from guanxi_gateway.routes import RESOURCES
from tests.composite.conftest import one, perform, statuses
from tests.composite.dying import die_performing
from tests.composite.test_killed import Story, new_stories, until_all_ended
from tests.deadlines import eventually, until
from tests.suite import Suite, database_of
from tests.sync.conftest import Person, World, person, uid

pytestmark = pytest.mark.system


async def test_an_edit_of_somebody_else_is_never_written_over(suite: Suite, world: World) -> None:
    """The gateway dies before the request that will be refused; meanwhile somebody edits two of the records."""
    rep, admin = world.rep, world.admin
    [story] = new_stories(rep, 1, is_refused=True)
    ask_of_the_ticket = 7  # GET+PATCH, GET+DELETE and two POSTs come before it
    where = {"place": "before ask", "number": ask_of_the_ticket, "victim": 0}
    [(end, _)] = await die_performing(suite, [story.told(rep.token, **where)])
    assert end
    admin.changed(f"/v1/accounts/{story.changed}", region="seen to by admin")
    made = rep.found(f"/v1/accounts?name={story.name}")["data"][0]
    admin.changed(f"/v1/accounts/{made['id']}", region="this one, too")
    await until_all_ended(suite, [story.key])
    told = answer_again(rep, story)
    assert (told.status_code, told.json()["code"]) == (409, "composite_not_undone")
    assert told.json()["outcome"] == "partly_undone"
    codes = [each["body"]["code"] for each in told.json()["responses"]]
    assert codes == ["not_undone", "not_undone", "undone", "undone", "invalid"]
    assert "somebody has changed" in told.json()["errors"]["requests[1]"]
    changed = rep.found(f"/v1/accounts/{story.changed}")
    assert (changed["industry"], changed["region"]) == ("mining", "seen to by admin")
    assert rep.found(f"/v1/accounts/{made['id']}")["region"] == "this one, too"
    assert rep.call("GET", f"/v1/accounts/{story.deleted}").status_code == 200
    assert rep.found(f"/v1/leads?name={story.name}")["data"] == []


def answer_again(by: Person, story: Story) -> httpx.Response:
    headers = {"idempotency-key": story.key, "content-type": "application/json"}
    return by.call("POST", "/v1/composite", content=story.raw, headers=headers)


async def test_of_somebody_who_left_meanwhile_everything_is_taken_back(
    suite: Suite, world: World
) -> None:
    """On a slow machine the next gateway goes on before they have left: then everything is done, and another one leaves."""
    for _ in range(5):
        story = await left_in_the_middle(suite, world)
        if story.traces() != (True,) * 4:
            break
    assert story.traces() == (False,) * 4


async def left_in_the_middle(suite: Suite, world: World) -> Story:
    """A gateway dies at somebody's composite, and they are deactivated; as it is in the end."""
    email, password = f"leaver-{uuid4().hex[:10]}@phones.example", f"Long-{uuid4().hex}"
    made = world.admin.made(
        "/v1/users", email=email, name="leaver", role="sales", password=password
    )
    leaver = person(suite, made["id"], email, password)
    [story] = new_stories(leaver, 1, is_refused=False)
    where = {"place": "after ask", "number": 5, "victim": 0}
    [(end, _)] = await die_performing(suite, [story.told(leaver.token, **where)])
    assert end
    story.rep = world.admin
    world.admin.changed(f"/v1/users/{leaver.id}", is_active=False)
    await until_all_ended(suite, [story.key])
    return story


def test_the_same_composite_many_times_at_once_is_done_once(rep: Person) -> None:
    name, key = f"at once {uuid4().hex}", uuid4().hex
    with ThreadPoolExecutor(6) as pool:
        asked = [
            one("POST", "/v1/accounts", {"name": name}),
            one("POST", "/v1/leads", {"name": name, "company": name}),
        ]
        answers = list(pool.map(lambda _: perform(rep, *asked, whole=True, key=key), range(6)))
    assert {a.status_code for a in answers} <= {200, 409}
    assert all(a.json()["code"] == "still_running" for a in answers if a.status_code == 409)
    assert perform(rep, *asked, whole=True, key=key).status_code == 200
    assert len(rep.found(f"/v1/accounts?name={name}")["data"]) == 1


def test_composites_that_change_one_record_at_once_lose_no_change(rep: Person) -> None:
    account = rep.made("/v1/accounts", name=f"busy {uuid4().hex}")
    fields = ["industry", "region", "source", "legal_name", "short_name"]

    def change(field: str) -> httpx.Response:
        return perform(
            rep, one("PATCH", f"/v1/accounts/{account['id']}", {field: f"by {field}"}), whole=True
        )

    with ThreadPoolExecutor(5) as pool:
        answers = dict(zip(fields, pool.map(change, fields), strict=True))
    now = rep.found(f"/v1/accounts/{account['id']}")
    for field, answer in answers.items():
        assert answer.status_code in (200, 422), answer.text
        wanted = f"by {field}" if answer.status_code == 200 else account[field]
        assert now[field] == wanted, field
    assert any(answer.status_code == 200 for answer in answers.values())


BAD: list[tuple[Any, str]] = [
    ({"requests": []}, "requests"),
    ({"requests": [{}]}, "requests[0].method"),
    ({"requests": [one("GET", "/v1/accounts")] * 26}, "requests"),
    ({"requests": [one("TRACE", "/v1/accounts")]}, "requests[0].method"),
    ({"requests": [one("GET", "/v1/accounts"), one("POST", "/v1/composite", {})]}, "requests[1].url"),
    ({"requests": [one("GET", "/v1/users")]}, "requests[0].url"),
    ({"requests": [one("GET", "/v1/accounts", {"a": 1})]}, "requests[0].body"),
    ({"requests": [one("GET", "/v1/accounts", ref="a b")]}, "requests[0].reference_id"),
    ({"requests": [one("GET", "/v1/accounts", ref="a"), one("GET", "/v1/leads", ref="a")]}, "requests[1].reference_id"),
    ({"requests": [one("GET", "/v1/accounts/{{b.id}}")]}, "requests[0].url"),
    ({"requests": [one("POST", "/v1/accounts", {"name": "{{ b }}"})]}, "requests[0].body"),
    ({"requests": [one("POST", "/v1/accounts", {"name": "x"}, if_match='"1"')]}, "requests[0].if_match"),
    ({"requests": [one("PATCH", "/v1/accounts/nonsense", {})]}, "requests[0].url"),
    ({"requests": [one("DELETE", "/v1/accounts/" + "0" * 32, if_match="W/1")]}, "requests[0].if_match"),
    ({"requests": [one("GET", "/v1/accounts")], "all_or_nothing": "yes"}, "all_or_nothing"),
    ({"requests": [one("POST", "/v1/accounts/batch", {}), one("GET", "/v1/leads")], "all_or_nothing": True}, "requests[0].url"),
    ({"requests": [one("PUT", "/v1/tickets/x/draft", {})], "all_or_nothing": True}, "requests[0].url"),
    ({"requests": [one("GET", "/v1/accounts")], "more": 1}, "more"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "field"), BAD)
def test_bad_input_names_its_place(rep: Person, sent: Any, field: str) -> None:
    answer = rep.call("POST", "/v1/composite", json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["errors"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["{{a.id}}", "{{a.tags}}", "{{{{x", "{{a.custom}}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "tags", "custom", "id", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ASKED = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]),
        "url": st.sampled_from(
            ["/v1/accounts", "/v1/accounts/{{a.id}}", "/v1/accounts/{{a.tags}}", "/v1/leads?limit=0",
             f"/v1/leads/{uid()}", "/v1/accounts/{{a.id}}/restore", "/v1/accounts?%ff", "/v1/tickets/%00"]
        ),
    },
    optional={"body": VALUES},
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(ASKED, min_size=1, max_size=4), whole=st.booleans())
def test_no_input_breaks_it(rep: Person, asked: list[dict[str, Any]], whole: bool) -> None:
    first = one("POST", "/v1/accounts", {"name": "fuzzed"}, ref="a")
    answer = perform(rep, first, *asked, whole=whole)
    assert answer.status_code < 500, answer.text
    for each in answer.json().get("responses", ()):
        assert each["status"] < 500, (asked, each)


@pytest.mark.parametrize("raw", [b"", b"[]", b"nonsense", b'{"requests":', b"\xff", b"[" * 5000])
def test_bodies_that_are_no_composite(rep: Person, raw: bytes) -> None:
    answer = rep.call(
        "POST", "/v1/composite", content=raw, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.json()["code"]


def test_numbers_and_texts_come_through_as_they_were_sent(rep: Person) -> None:
    name = "NUL-free \u2028 {{{{x}} 数 \U0001f600"
    answer = perform(
        rep,
        one(
            "POST",
            "/v1/accounts",
            {"name": name, "revenue": {"amount": "12345678901234567890.12", "currency": "CNY"}},
        ),
    )
    plain = rep.call(
        "POST",
        "/v1/accounts",
        json={"name": "x", "revenue": {"amount": "12345678901234567890.12", "currency": "CNY"}},
    )
    assert statuses(answer) == [plain.status_code]
    big = perform(rep, one("POST", "/v1/accounts", {"name": 2**200}))
    assert statuses(big) == [422]
    made = perform(rep, one("POST", "/v1/accounts", {"name": name}))
    assert made.json()["responses"][0]["body"]["name"] == name.replace("{{{{", "{{")


def test_a_composite_costs_what_its_requests_cost(rep: Person) -> None:
    asked = [one("GET", "/v1/accounts?limit=1")] * 5 + [
        one("POST", "/v1/accounts", {"name": ""})
    ] * 5
    assert cost_of([InnerRequest(**each) for each in asked]) == 5 * 1 + 5 * 2 - 2

    def left() -> int:
        return int(
            rep.call("GET", "/v1/accounts?limit=1")
            .headers["ratelimit"]
            .split("r=")[1]
            .split(";")[0]
        )

    before = left()
    perform(rep, *asked)
    assert before - left() >= 15


async def test_three_creates_take_three_questions_and_few_writes(
    suite: Suite, world: World
) -> None:
    """What a composite adds: a claim, one line of the journal before each request, and its end."""
    requests = [one("POST", "/v1/accounts", {"name": f"few {uuid4().hex}"}) for _ in range(3)]
    [story] = new_stories(world.rep, 1, is_refused=False)
    story.requests = requests
    story.raw = json.dumps({"all_or_nothing": True, "requests": requests})
    told = story.told(world.rep.token, place="nowhere", number=0, victim=0)
    [(end, counted)] = await die_performing(suite, [told])
    assert end == 0
    assert {name: counted[f"before {name}"] for name in ("ask", "claim", "keep", "end")} == {
        "ask": 3, "claim": 1, "keep": 3, "end": 1,
    }  # fmt: skip


async def test_erasing_somebody_empties_the_answers_that_tell_of_them(
    suite: Suite, world: World
) -> None:
    admin, key = world.admin, uuid4().hex
    asked = [one("POST", "/v1/contacts", {"name": "erasable canary"})]
    made = perform(admin, *asked, whole=True, key=key).json()["responses"][0]["body"]
    admin.call(
        "POST",
        f"/v1/contacts/{made['id']}/erase",
        json={"reason": "subject_request", "request_reference": "DSR-1"},
    ).raise_for_status()
    connection = await asyncpg.connect(database_of(suite))
    sql = "SELECT answer IS NULL FROM gateway.composites WHERE key = $1"
    try:
        await until(lambda: connection.fetchval(sql, key), seconds=30)
    finally:
        await connection.close()
    again = perform(admin, *asked, whole=True, key=key)
    assert (again.status_code, again.json()["code"]) == (410, "answer_erased")


def test_what_is_undoable_is_what_the_services_can_undo(suite: Suite) -> None:
    eventually(lambda: undoable_of(suite) == UNDOABLE)


def undoable_of(suite: Suite) -> set[str]:
    """By the merged document, which is asked for anew every few seconds."""
    paths = httpx.get(f"{suite.url}/openapi.json", timeout=30).json()["paths"]
    found = set()
    for path in paths:
        word = path.split("/")[2] if path.startswith("/v1/") else ""
        one = next((p for p in paths if p.startswith(f"/v1/{word}/{{") and p.count("/") == 3), None)
        if (
            one is None
            or not {"patch", "delete"} <= paths[one].keys()
            or "post" not in paths.get(f"/v1/{word}", {})
        ):
            continue
        if {f"{one}/restore", f"{one}/history"} <= paths.keys():
            found.add(word)
    return found - {"files", "views"} - set(RESOURCES["gateway"])
