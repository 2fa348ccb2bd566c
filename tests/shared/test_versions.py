"""ETag, If-None-Match and If-Match: nobody overwrites what they have not read."""

import asyncio

import pytest

from tests.factories import Clients, Organisation
from tests.library.books import book


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"7", "1"', '"1","2"', "*"])
async def test_a_version_that_one_has_is_304_and_empty(
    client: Clients, organisation: Organisation, tags: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.get(f"/v1/books/{made['id']}", headers={"If-None-Match": tags})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("tags", ['"2"', '"11"', "1", "", '"x"'])
async def test_another_version_is_sent_whole(
    client: Clients, organisation: Organisation, tags: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.get(f"/v1/books/{made['id']}", headers={"If-None-Match": tags})
    assert (answer.status_code, answer.json()) == (200, made)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_stale_write_is_412_with_the_record_and_what_differs(
    client: Clients, organisation: Organisation, method: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep, pages=1)
    path = f"/v1/books/{made['id']}"
    for sent in ({"pages": 2}, {"subtitle": "new"}):
        await rep.patch(path, json=sent)
    body = {"json": {"pages": 9}} if method == "PATCH" else {}
    answer = await rep.request(method, path, headers={"If-Match": '"1"'}, **body)
    assert (answer.status_code, answer.headers["etag"]) == (412, '"3"')
    problem = answer.json()
    assert problem["current"] == (await rep.get(path)).json()
    assert problem["differs"] == ["pages", "subtitle"]
    later = await rep.request(method, path, headers={"If-Match": '"2"'}, **body)
    assert later.json()["differs"] == ["subtitle"]


@pytest.mark.parametrize("header", ['"1"', "*"])
async def test_a_fresh_write_goes_through(
    client: Clients, organisation: Organisation, header: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.patch(
        f"/v1/books/{made['id']}", json={"pages": 2}, headers={"If-Match": header}
    )
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(
    "header", ['W/"1"', '"one"', '"1", "2"', "''", '"-1"', '"1e3"', '"' + "9" * 19 + '"']
)
async def test_a_weak_or_strange_version_is_refused(
    client: Clients, organisation: Organisation, header: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.patch(
        f"/v1/books/{made['id']}", json={"pages": 2}, headers={"If-Match": header}
    )
    assert answer.status_code == 400
    assert (await rep.get(f"/v1/books/{made['id']}")).json()["version"] == 1


async def test_of_many_writers_with_one_version_one_wins(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    path = f"/v1/books/{made['id']}"
    answers = await asyncio.gather(
        *(rep.patch(path, json={"pages": n}, headers={"If-Match": '"1"'}) for n in range(10))
    )
    assert sorted(a.status_code for a in answers) == [200] + [412] * 9
    assert (await rep.get(path)).json()["version"] == 2


async def test_writers_without_a_version_take_turns(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    path = f"/v1/books/{made['id']}"
    answers = await asyncio.gather(*(rep.patch(path, json={"pages": n}) for n in range(10)))
    assert {a.status_code for a in answers} == {200}
    assert sorted(a.json()["version"] for a in answers) == list(range(2, 12))
    history = (await rep.get(path + "/history")).json()["data"]
    assert [entry["version"] for entry in history] == list(range(11, 0, -1))
