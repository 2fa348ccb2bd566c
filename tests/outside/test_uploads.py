"""tuspy, the published tus client for Python, uploads a photo in two goes, unmodified."""

import hashlib
import random
import subprocess
from pathlib import Path

import httpx
import pytest

from guanxi_shared.identifiers import new_id
from tests.outside.conftest import Outsider
from tests.outside.tools import CLIENTS, python_tools

pytestmark = pytest.mark.system


def test_the_published_tus_client_uploads_goes_on_and_makes_a_file(
    outsider: Outsider, tmp_path: Path
) -> None:
    python, photo = python_tools() / "python", tmp_path / "visit.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + random.Random(3).randbytes(300_000))
    sent = {"name": "Photographed"}
    account = outsider.client.post("/v1/accounts", json=sent).raise_for_status().json()["id"]
    file_id = str(new_id())
    arguments = [outsider.url, outsider.key, str(photo), account, file_id]
    done = subprocess.run(
        [str(python), str(CLIENTS / "photos.py"), *arguments], cwd=tmp_path, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    first, again, address = done.stdout.split()
    assert (first, again) == ("70000", "70000")
    assert address == f"{outsider.url}/v1/files/uploads/{file_id}"
    made = outsider.client.get(f"/v1/files/{file_id}").raise_for_status().json()
    assert (made["name"], made["content_type"]) == ("visit.jpg", "image/jpeg")
    assert made["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert made["links"] == [{"type": "account", "id": account}]


def test_a_tus_client_that_is_killed_in_the_middle_goes_on_with_a_tickets_file(
    outsider: Outsider, tmp_path: Path
) -> None:
    python, photo = python_tools() / "python", tmp_path / "site.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(900_000))
    sent = {"subject": "With a photo"}
    ticket = outsider.client.post("/v1/tickets", json=sent).raise_for_status().json()["id"]
    file_id = str(new_id())
    script = [str(python), str(CLIENTS / "ticket_files.py")]
    arguments = [outsider.url, outsider.key, str(photo), ticket, file_id]
    with subprocess.Popen(
        [*script, *arguments, ""], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        address, first = killed.stdout.readline().split()
        told = [int(killed.stdout.readline()) for _ in range(2)]
        killed.kill()
    assert (address, first) == (f"{outsider.url}/v1/tickets/uploads/{file_id}", "20000")
    headers = {"authorization": f"Bearer {outsider.key}", "tus-resumable": "1.0.0"}
    stands = int(httpx.head(address, headers=headers).raise_for_status().headers["upload-offset"])
    assert told[-1] <= stands < photo.stat().st_size
    done = subprocess.run(
        [*script, *arguments, address], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert int(done.stdout.split()[1]) >= stands
    (made,) = outsider.client.get(f"/v1/tickets/{ticket}/files").raise_for_status().json()["data"]
    assert (made["id"], made["name"], made["content_type"]) == (file_id, "site.jpg", "image/jpeg")
    assert made["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
