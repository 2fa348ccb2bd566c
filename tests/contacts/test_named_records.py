"""Records that name another: only one that the caller sees, but for the one that stands there already."""

from typing import Any
from uuid import uuid4

import pytest

from tests.factories import Clients, Organisation, User

CASES = [
    ("/v1/accounts", "parent_id"),
    ("/v1/accounts", "referred_by_id"),
    ("/v1/contacts", "reports_to_id"),
]


async def _made(client: Clients, user: User, path: str, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(path, json={"name": "Acme", **fields})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


@pytest.mark.parametrize(("path", "field"), CASES)
async def test_a_record_of_somebody_else_is_as_unknown_as_none(
    client: Clients, organisation: Organisation, path: str, field: str
) -> None:
    theirs = await _made(client, organisation.other_rep, path)
    mine = await _made(client, organisation.rep, path)
    rep = client(organisation.rep)

    answers = []
    for named in (theirs["id"], str(uuid4())):
        answers.append(await rep.post(path, json={"name": "x", field: named}))
        answers.append(await rep.patch(f"{path}/{mine['id']}", json={field: named}))

    assert {answer.status_code for answer in answers} == {422}
    assert len({str(answer.json()["errors"]) for answer in answers}) == 1
    assert field in answers[0].json()["errors"]
    assert (await rep.get(f"{path}/{mine['id']}")).json() == mine


@pytest.mark.parametrize(("path", "field"), CASES)
async def test_who_does_not_see_what_stands_there_may_send_it_back(
    client: Clients, organisation: Organisation, path: str, field: str
) -> None:
    theirs = await _made(client, organisation.other_rep, path)
    owner = {"owner_id": str(organisation.rep.id)}
    mine = await _made(client, organisation.admin, path, **{field: theirs["id"]}, **owner)

    answer = await client(organisation.rep).patch(
        f"{path}/{mine['id']}", json={field: theirs["id"], "source": "fair"}
    )

    assert answer.status_code == 200, answer.text
    assert (answer.json()[field], answer.json()["source"]) == (theirs["id"], "fair")
