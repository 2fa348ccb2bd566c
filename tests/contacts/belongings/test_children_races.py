"""Deletes of a record and of its child at the same moment: the child went with one of them."""

import asyncio

from tests.contacts.timeline.test_timeline import made
from tests.factories import Clients, Organisation


async def test_a_child_that_was_deleted_by_itself_does_not_come_back_with_the_record(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for attempt in range(12):
        account = await made(rep, "/v1/accounts", name="Acme")
        links = {"account_ids": [account["id"]]}
        note = await made(rep, "/v1/activities", kind="note", subject="x", **links)
        one, child = f"/v1/accounts/{account['id']}", f"/v1/activities/{note['id']}"
        asked = [rep.delete(one, params={"with_children": "true"}), rep.delete(child)]
        if attempt % 2:
            asked.reverse()
        answers = await asyncio.gather(*asked)
        whole, alone = reversed(answers) if attempt % 2 else answers
        assert (whole.status_code, alone.status_code in (200, 404)) == (200, True)
        went_along = whole.json()["children"]["activities"]["deleted"] == [note["id"]]
        assert went_along != (alone.status_code == 200)
        assert (await rep.post(f"{one}/restore")).status_code == 200
        assert ((await rep.get(child)).status_code == 200) == went_along
