"""Changes between two pulls, and beside them, of which a phone must miss none."""

from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.phone_of_a_service import Phone, Unnumbered, place_of, unnumbered_in


@pytest.fixture
def unnumbered(service: Edge, monkeypatch: pytest.MonkeyPatch) -> Unnumbered:
    return unnumbered_in(service, monkeypatch)


async def made(client: httpx.AsyncClient, name: str, **more: Any) -> str:
    answer = await client.post("/v1/accounts", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def done(client: httpx.AsyncClient, method: str, path: str, **data: Any) -> None:
    answer = await client.request(method, f"/v1/accounts/{path}", json=data or None)
    assert answer.is_success, answer.text


async def test_what_came_ahead_of_its_position_is_not_new_once_more(
    client: Clients, organisation: Organisation, unnumbered: Unnumbered
) -> None:
    """Told of it as something new, a phone that deleted it meanwhile brings it back: the deletion is lost."""
    rep = client(organisation.rep)
    phone = Phone(rep)
    await phone.pull()
    id = await made(rep, "ahead")
    async with unnumbered():
        assert place_of(id, await phone.pull()) == "created"
        assert place_of(id, await phone.pull()) == "updated"
    assert place_of(id, await phone.pull()) == "updated"
    assert place_of(id, await phone.pull()) is None
    await phone.push("accounts", deleted=[id])
    assert place_of(id, await phone.pull()) == "deleted"


async def test_a_first_sync_ahead_of_positions_is_known_to_the_next(
    client: Clients, organisation: Organisation, unnumbered: Unnumbered
) -> None:
    rep = client(organisation.rep)
    id = await made(rep, "at first")
    phone = Phone(rep)
    async with unnumbered():
        assert place_of(id, await phone.pull()) == "created"
    assert place_of(id, await phone.pull()) == "updated"
    await done(client(organisation.admin), "PATCH", id, owner_id=str(organisation.other_rep.id))
    assert place_of(id, await phone.pull()) == "deleted"
    await phone.agrees()


async def test_what_went_out_of_sight_after_it_came_ahead_of_its_position_goes(
    client: Clients, organisation: Organisation, unnumbered: Unnumbered
) -> None:
    admin, phone = client(organisation.admin), Phone(client(organisation.rep))
    id = await made(client(organisation.other_rep), "to and fro")
    await phone.pull()
    await done(admin, "PATCH", id, owner_id=str(organisation.rep.id))
    async with unnumbered():
        assert place_of(id, await phone.pull()) == "created"
        await done(admin, "PATCH", id, owner_id=str(organisation.other_rep.id))
    assert place_of(id, await phone.pull()) == "deleted"
    await phone.agrees()


@pytest.mark.parametrize(
    "verbs", ["d", "dr", "drd", "e", "ed", "edr", "o", "oi", "oid", "od", "odr", "drdr"]
)
@pytest.mark.parametrize("is_ahead", [False, True])
async def test_whatever_becomes_of_a_record_between_two_pulls_a_phone_hears_of_it(
    client: Clients, organisation: Organisation, unnumbered: Unnumbered, verbs: str, is_ahead: bool
) -> None:
    """d deleted, r restored, e edited, o given to somebody else, i given back."""
    admin, phone = client(organisation.admin), Phone(client(organisation.rep))
    id = await made(client(organisation.rep), f"between {verbs}")
    if is_ahead:
        async with unnumbered():
            await phone.pull()
    else:
        await phone.pull()
    for verb in verbs:
        await act(admin, organisation, verb, id)
    await phone.pull()
    await phone.agrees()


async def act(admin: httpx.AsyncClient, organisation: Organisation, verb: str, id: str) -> None:
    match verb:
        case "d":
            await done(admin, "DELETE", id)
        case "r":
            await done(admin, "POST", f"{id}/restore")
        case "e":
            await done(admin, "PATCH", id, region=f"edit {new_id()}")
        case "o":
            await done(admin, "PATCH", id, owner_id=str(organisation.other_rep.id))
        case "i":
            await done(admin, "PATCH", id, owner_id=str(organisation.rep.id))


async def test_a_write_whose_transaction_is_open_while_a_phone_pulls_comes_with_the_next(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """Its log row has a lower number than those of writes that commit before it."""
    rep = client(organisation.rep)
    ids = [await made(rep, name) for name in ("slow", "quick")]
    phone = Phone(rep)
    await phone.pull()
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_kind, channel,"
            " changed, after, owner_id) VALUES ($1, $2, 'contacts.account.deleted', 'account', $3, 2, 'user', 'api',"
            " '{deleted_at}', '{}', $4)",
            organisation.id, new_id(), UUID(ids[0]), organisation.rep.id,
        )  # fmt: skip
        await connection.execute(
            "UPDATE accounts SET deleted_at = now(), version = 2 WHERE id = $1", UUID(ids[0])
        )
        await done(rep, "PATCH", ids[1], region="quick")
        told = await phone.pull()
        assert (place_of(ids[0], told), place_of(ids[1], told)) == (None, "updated")
    assert place_of(ids[0], await phone.pull()) == "deleted"
    await phone.agrees()


@pytest.mark.parametrize("seed", range(4))
async def test_phones_and_an_office_at_random_end_with_the_same(
    client: Clients, organisation: Organisation, unnumbered: Unnumbered, seed: int
) -> None:
    """Some pulls see commits without a position. In the end each phone holds what a new one gets."""
    random = Random(seed)
    admin, rep = client(organisation.admin), client(organisation.rep)
    phones = [Phone(rep), Phone(rep), Phone(client(organisation.rep2))]
    stock: dict[str, str] = {}  # id → what may be done to it: a lives, d is deleted
    for _ in range(60):
        dice = random.random()
        if dice < 0.45:
            phone = random.choice(phones)
            if random.random() < 0.5:
                async with unnumbered():
                    await phone.pull()
            else:
                await phone.pull()
        elif dice < 0.55 or not stock:
            stock[await made(rep, f"random {random.random()}")] = "a"
        elif dice < 0.7 and any(phone.rows.get("accounts") for phone in phones):
            phone = random.choice([p for p in phones if p.rows.get("accounts")])
            id = random.choice(sorted(phone.rows["accounts"]))
            answer = await phone.push("accounts", deleted=[id])
            if not answer["conflicts"] and not answer["rejected"] and id in stock:
                gone = (await admin.get(f"/v1/accounts/{id}")).status_code == 404
                stock[id] = "d" if gone else stock[id]
        else:
            id = random.choice(sorted(stock))
            verb = "r" if stock[id] == "d" else random.choice("deoi")
            await act(admin, organisation, verb, id)
            stock[id] = {"d": "d", "r": "a"}.get(verb, stock[id])
    for phone in phones:
        await phone.agrees()
