"""Files out: whole or in part, and never as a page of ours."""

from typing import Any

import pytest

from tests.contacts.files.conftest import Blobs
from tests.factories import Clients, Organisation

TEXT = bytes(range(65, 91)) * 40_000  # more than a chunk


async def upload(client: Clients, organisation: Organisation, content: bytes, **asked: str) -> Any:
    answer = await client(organisation.rep).post("/v1/files", params=asked, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_download_is_what_was_uploaded(client: Clients, organisation: Organisation) -> None:
    made = await upload(client, organisation, TEXT, name="报价.txt")
    answer = await client(organisation.rep).get(f"/v1/files/{made['id']}/content")
    assert answer.content == TEXT
    assert answer.headers["content-length"] == str(len(TEXT))
    assert answer.headers["etag"] == f'"{made["sha256"]}"'
    assert answer.headers["accept-ranges"] == "bytes"
    disposition = answer.headers["content-disposition"]
    assert disposition == "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7.txt"


async def test_known_bytes_are_not_sent_again(client: Clients, organisation: Organisation) -> None:
    made = await upload(client, organisation, TEXT)
    rep, path = client(organisation.rep), f"/v1/files/{made['id']}/content"
    known = await rep.get(path, headers={"if-none-match": f'"{made["sha256"]}"'})
    assert (known.status_code, known.content) == (304, b"")
    record = await rep.get(f"/v1/files/{made['id']}", headers={"if-none-match": '"1"'})
    assert record.status_code == 304


async def test_a_range_is_a_part_of_the_file(client: Clients, organisation: Organisation) -> None:
    made = await upload(client, organisation, TEXT)
    rep, path = client(organisation.rep), f"/v1/files/{made['id']}/content"
    part = await rep.get(path, headers={"range": "bytes=300000-300009"})
    assert (part.status_code, part.content) == (206, TEXT[300_000:300_010])
    assert part.headers["content-range"] == f"bytes 300000-300009/{len(TEXT)}"
    last = await rep.get(path, headers={"range": "bytes=-5"})
    assert last.content == TEXT[-5:]
    beyond = await rep.get(path, headers={"range": f"bytes={len(TEXT)}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(TEXT)}"
    stale = await rep.get(path, headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, len(TEXT))
    several = await rep.get(path, headers={"range": "bytes=0-1,5-6"})
    assert several.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
        b"GIF89a/*<script>alert(1)</script>*/=1;\0\x01",
    ],
)
async def test_nothing_that_a_browser_runs_is_ever_served_as_such(
    client: Clients, organisation: Organisation, content: bytes
) -> None:
    made = await upload(client, organisation, content, name="picture.png")
    answer = await client(organisation.rep).get(
        f"/v1/files/{made['id']}/content", params={"disposition": "inline"}
    )
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox")
    is_gif = content.startswith(b"GIF")
    assert headers["content-type"] == ("image/gif" if is_gif else "application/octet-stream")
    assert headers["content-disposition"].startswith("inline" if is_gif else "attachment")


async def test_a_picture_may_be_shown_in_place_but_is_not_by_itself(
    client: Clients, organisation: Organisation, png: bytes
) -> None:
    made = await upload(client, organisation, png, name="a.png")
    rep, path = client(organisation.rep), f"/v1/files/{made['id']}/content"
    assert (await rep.get(path)).headers["content-disposition"].startswith("attachment")
    shown = await rep.get(path, params={"disposition": "inline"})
    assert shown.headers["content-disposition"].startswith("inline")
    assert shown.headers["content-type"] == "image/png"
    wrong = await rep.get(path, params={"disposition": "page"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["disposition"])
    unknown = await rep.get(path, params={"inline": "1"})
    assert list(unknown.json()["errors"]) == ["inline"]


async def test_an_empty_file_is_a_file(client: Clients, organisation: Organisation) -> None:
    made = await upload(client, organisation, b"")
    answer = await client(organisation.rep).get(f"/v1/files/{made['id']}/content")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_bytes_that_are_gone_are_said_to_be_gone(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    made = await upload(client, organisation, b"text")
    blobs.paths()[0].unlink()
    answer = await client(organisation.rep).get(f"/v1/files/{made['id']}/content")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_gone")
