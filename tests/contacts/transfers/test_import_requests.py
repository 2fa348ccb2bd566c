"""What the API refuses, to whom it shows what, and jobs."""

from pathlib import Path
from typing import Any

import pytest

from guanxi_shared.edge import Edge
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation

TABLE = "name,email\nAcme,a@x.example\n"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"mapping": {"nothing": "name"}}, "mapping.nothing"),
        ({"mapping": {"name": "nonsense"}}, "mapping.name"),
        ({"mapping": {"name": "name", "email": "name"}}, "mapping.email"),
        ({"mapping": {"email": "email"}}, "mapping"),
        ({"key": "phone"}, "key"),
        ({"key": "nonsense"}, "key"),
        ({"duplicates": "update"}, "body"),
        ({"time_zone": "Mars/Olympus"}, "body"),
        ({"encoding": "klingon"}, "file"),
        ({"surprise": 1}, "surprise"),
        ({"defaults": {"surprise": 1}}, "defaults.surprise"),
    ],
)
async def test_options_that_cannot_work_are_refused_before_any_row(
    send: Sender, options: dict[str, Any], field: str
) -> None:
    uploaded = (await send.upload(TABLE)).json()
    answer = await send.start(uploaded["id"], **options)

    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]
    assert (await send.client.get(f"/v1/imports/{uploaded['id']}")).json()["job"] is None


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({"resource": "dragons"}, 422, "resource"),
        ({"start": "maybe"}, 422, "start"),
        ({"more": "x"}, 400, "more"),
        ({"options": "{"}, 400, None),
    ],
)
async def test_an_upload_that_makes_no_sense_is_refused(
    send: Sender, form: dict[str, str], status: int, field: str | None
) -> None:
    answer = await send.upload(TABLE, **form)

    assert answer.status_code == status, answer.text
    assert field is None or field in answer.json()["errors"]


async def test_an_upload_without_a_file_or_of_another_type_is_refused(send: Sender) -> None:
    other = await send.client.post("/v1/imports", json={})
    empty = await send.client.post("/v1/imports", files={"x": (None, "y")})
    broken = await send.client.post(
        "/v1/imports",
        content=b"--b\r\n",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )

    assert (other.status_code, empty.status_code, broken.status_code) == (415, 400, 400)


def files_in(folder: Path) -> list[Path]:
    """An upload may make the folders; they stay."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    send: Sender, contacts: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = contacts.state.house.settings
    monkeypatch.setattr(settings, "max_import_bytes", 50_000)
    files = files_in(settings.files_dir)
    answer = await send.upload("name\n" + "x" * 200_000)

    assert answer.status_code == 413
    assert files_in(settings.files_dir) == files


@pytest.mark.parametrize(
    ("resource", "defaults", "named"),
    [
        ("contacts", {"accounts": [1]}, "accounts"),
        ("contacts", {"accounts": "Acme"}, "accounts"),
        ("accounts", {"created_at": "last week"}, "created_at"),
        ("accounts", {"created_at": [5]}, "created_at"),
        ("contacts", {"created_at": "0001-01-01T00:00:00Z"}, "created_at"),
        ("accounts", {"emails": 5}, "emails"),
    ],
)
async def test_a_default_that_is_no_value_of_its_field_is_each_row_s_reason(
    send: Sender, resource: str, defaults: dict[str, Any], named: str
) -> None:
    found = await send.of(resource)("name\nAcme\n", defaults=defaults)
    assert (found["job"]["status"], found["job"]["counts"]["refused"]) == ("done", 1), found["job"]
    assert named in await send.errors(found["id"])


async def test_a_file_is_taken_for_real_once(send: Sender) -> None:
    found = await send(TABLE)
    again = await send.start(found["id"])

    assert again.status_code == 409
    assert again.json()["code"] == "taken_already"


async def test_a_repeated_upload_with_its_key_is_one_import(send: Sender) -> None:
    send.client.headers["idempotency-key"] = "k1"
    first, second = await send.upload(TABLE, start="true"), await send.upload(TABLE, start="true")
    del send.client.headers["idempotency-key"]

    assert first.json()["id"] == second.json()["id"]
    assert second.headers["idempotent-replayed"] == "true"
    assert (await send.ended(first.json()["id"]))["job"]["counts"]["created"] == 1
    assert len(await send.records()) == 1


async def test_an_import_is_shown_to_whoever_sent_it_and_to_admins(
    send: Sender, client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    rep = send.by(client(organisation.rep))
    found = await rep(TABLE + "Bad,nonsense\n")
    paths = [
        f"/v1/imports/{found['id']}",
        f"/v1/imports/{found['id']}/errors.csv",
        f"/v1/jobs/{found['job']['id']}",
    ]

    for user, status in (
        (organisation.rep, 200), (organisation.admin, 200), (organisation.rep2, 404),
        (organisation.manager, 404), (other_organisation.admin, 404),
    ):  # fmt: skip
        answers = [(await client(user).get(path)).status_code for path in paths]
        assert answers == [status] * 3, user.name
    listed = {
        user.name: len((await client(user).get("/v1/imports")).json()["data"])
        for user in (organisation.rep, organisation.admin, organisation.rep2)
    }
    assert listed == {"rep": 1, "admin": 1, "rep2": 0}


async def test_an_import_needs_its_permissions(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    nobody = send.by(client(organisation.read_only))
    assert (await nobody.upload(TABLE)).status_code == 403

    importer = organisation.rep.but(permissions=("imports:*", "accounts:read", "accounts:create"))
    own = send.by(client(importer))
    uploaded = (await own.upload(TABLE)).json()
    answer = await own.start(uploaded["id"], key="email", duplicates="update")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_jobs_are_listed_newest_first_in_pages(send: Sender) -> None:
    ids = [(await send(TABLE))["job"]["id"] for _ in range(3)]
    first = (await send.client.get("/v1/jobs", params={"limit": 2, "kind": "import"})).json()
    params = {"limit": 2, "kind": "import", "cursor": first["page"]["next_cursor"]}
    second = (await send.client.get("/v1/jobs", params=params)).json()

    assert [job["id"] for job in first["data"] + second["data"]] == ids[::-1]
    assert not second["page"]["has_more"]
    assert first["data"][0]["status"] == "done"


@pytest.mark.parametrize("query", ["limit=0", "cursor=x", "status=odd", "colour=red"])
async def test_a_list_of_jobs_that_makes_no_sense_is_refused(send: Sender, query: str) -> None:
    assert (await send.client.get(f"/v1/jobs?{query}")).status_code == 400


async def test_a_job_that_has_ended_cannot_be_cancelled(send: Sender) -> None:
    found = await send(TABLE)
    answer = await send.client.post(f"/v1/jobs/{found['job']['id']}/cancel")

    assert answer.status_code == 409
