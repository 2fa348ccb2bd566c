"""Photos of a phone through the gateway: the service dies in the middle of them, and nothing is lost."""

import base64
import contextlib
import os
import random
import signal
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.deadlines import eventually
from tests.suite import is_ready
from tests.sync.conftest import Person, World, uid

pytestmark = pytest.mark.system
PATH = "/v1/files/uploads"
TUS = {"tus-resumable": "1.0.0"}
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(9_000_000)


def begin(rep: Person, content: bytes) -> str:
    told = f"id {base64.b64encode(uid().encode()).decode()},filename {base64.b64encode(b'a.jpg').decode()}"
    sent = {**TUS, "upload-length": str(len(content)), "upload-metadata": told}
    return rep.call("POST", PATH, headers=sent).raise_for_status().headers["location"]


def offset_of(rep: Person, location: str) -> int:
    return int(rep.call("HEAD", location, headers=TUS).raise_for_status().headers["upload-offset"])


def send(
    rep: Person, location: str, content: bytes | Iterator[bytes], offset: int
) -> httpx.Response:
    sent = {**TUS, "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
    return rep.call("PATCH", location, content=content, headers=sent)


def test_a_killed_service_has_what_it_told_of_and_the_rest_is_sent_again(
    world: World, rep: Person
) -> None:
    location, killed = begin(rep, PHOTO), False
    pid = world.suite.pid_of("contacts")
    assert pid is not None

    def pieces() -> Iterator[bytes]:
        nonlocal killed
        for start in range(0, len(PHOTO), 100_000):
            yield PHOTO[start : start + 100_000]
            if not killed and start >= 6_000_000:
                eventually(lambda: offset_of(rep, location) > 0)
                killed = True
                os.kill(pid, signal.SIGKILL)

    with contextlib.suppress(httpx.TransportError):
        assert send(rep, location, pieces(), 0).status_code >= 500
    eventually(lambda: world.suite.pid_of("contacts") not in (None, pid) and is_ready(world.suite))
    offset = offset_of(rep, location)
    assert 0 < offset < len(PHOTO)  # four megabytes at least were synced and told of
    assert send(rep, location, PHOTO[offset:], offset).status_code == 204
    file_id = location.rpartition("/")[2]
    assert rep.call("GET", f"/v1/files/{file_id}/content").content == PHOTO
    assert offset_of(rep, location) == len(PHOTO)


def test_a_phone_that_loses_its_line_keeps_what_arrived(world: World, rep: Person) -> None:
    location = begin(rep, PHOTO)
    place = urlsplit(world.suite.url)
    head = (
        f"PATCH {location} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {rep.token}\r\n"
        "tus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\n"
        f"content-length: {len(PHOTO)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port)) as line:
        line.sendall(head.encode() + PHOTO[:1_000_000])
    eventually(lambda: offset_of(rep, location) > 0)
    offset = offset_of(rep, location)
    assert offset <= 1_000_000
    while offset < len(PHOTO):
        end = min(offset + 3_000_000, len(PHOTO))
        assert send(rep, location, PHOTO[offset:end], offset).status_code == 204
        offset = offset_of(rep, location)
        assert offset == end
    assert rep.call("GET", f"/v1/files/{location.rpartition('/')[2]}/content").content == PHOTO


def test_a_checksum_that_differs_is_460_through_the_gateway_too(rep: Person) -> None:
    location = begin(rep, b"abc")
    sent = {
        **TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream",
        "upload-checksum": f"sha1 {base64.b64encode(bytes(20)).decode()}",
    }  # fmt: skip
    answer = rep.call("PATCH", location, content=b"abc", headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert offset_of(rep, location) == 0
