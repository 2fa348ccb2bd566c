"""Schemathesis against the running suite: each service alone, and the whole behind the gateway.

Nothing answers 5xx, nothing answers what its document does not say, and nobody reads another's
records. Every operation is tried; the hundred boundary values of each are tried for an eighth of them, drawn anew in each
run. `GUANXI_FUZZ_PARTS=1` tries them for all, `GUANXI_FUZZ_PART=2` for those that a run named. `GUANXI_FUZZ_EXAMPLES=200` looks
longer than a few seconds at each operation, `GUANXI_FUZZ_SEED=7` elsewhere.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4
from zlib import crc32

import httpx
import pytest

from tests.fuzz.links import opened_links
from tests.launch.until import until
from tests.suite import ELSEWHERE, Admin, Suite, running_suite

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("GUANXI_FUZZ_EXAMPLES", "1"))
SEED = os.environ.get("GUANXI_FUZZ_SEED", "42")
PARTS = int(os.environ.get("GUANXI_FUZZ_PARTS", "8"))
PART = int(os.environ.get("GUANXI_FUZZ_PART", random.SystemRandom().randrange(PARTS))) % PARTS
SECONDS = 300 + 120 * EXAMPLES
SERVICES = ("contacts", "pipeline", "tickets", "analytics")
PLENTY = 100_000_000
SHOWN_CHARACTERS = 20_000
# They lock their caller out, by failed passwords or by a limit of one call a minute: a run of their
# own, with a token that nothing has to renew.
LOCKING = (
    "sign_in", "authorize", "decide_device", "change_my_password", "confirm_totp", "remove_totp",
    "update_organisation",
)  # fmt: skip

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite(GATEWAY_SIGN_IN_QUOTA=str(PLENTY)) as suite:
        yield suite


@pytest.fixture
def admin(suite: Suite) -> Admin:
    """The admin of a new organisation whose members may call as often as they like."""
    admin = suite.new_organisation("Fuzz")
    with signed_in(admin) as client:
        client.patch("/v1/organisation", json={"rate_quota": PLENTY}).raise_for_status()
    return admin


def signed_in(admin: Admin) -> httpx.Client:
    headers = {"authorization": f"Bearer {admin.token()}"}
    return httpx.Client(base_url=admin.suite.url, headers=headers, timeout=20)


def caller(suite: Suite, name: str, email: str, password: str) -> dict[str, Any]:
    """How schemathesis signs somebody in, again whenever a token is refused."""
    return {
        "name": name,
        "loginEndpointAuth": {
            "verb": "POST",
            "externalEndpointURL": f"{suite.url}/v1/auth/sign-in",
            "contentType": "application/json",
            "headers": [{"name": name, "value": value} for name, value in ELSEWHERE.items()],
            "payloadRaw": json.dumps({"email": email, "password": password}),
            "token": {
                "extractFrom": "body", "extractSelector": "/access_token",
                "sendIn": "header", "sendName": "Authorization", "sendTemplate": "Bearer {token}",
            },
        },
    }  # fmt: skip


def fuzz(
    folder: Path,
    url: str,
    callers: Sequence[Mapping[str, Any]],
    *options: str,
    links: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> None:
    """Run schemathesis as the first of the callers, in a folder of its own; the others must not see
    what is the first one's. `links`: what addresses of a pattern hold. Fails with what was found."""
    names = [caller["name"] for caller in callers]
    auth = {"path": "callers.json", "user": names[0]} | ({"peers": names} if names[1:] else {})
    lines = [f"{key} = {json.dumps(value)}" for key, value in auth.items()]
    config = folder / CONFIG.name
    left_out = [] if links else unbounded(operations_of(url), PARTS, PART)
    lines = ["[auth.wfc]", *lines, *left_out]
    for pattern, parameters in links.items():
        told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in parameters.items())
        lines += [
            "[[operations]]",
            f"include-path-regex = '{pattern}'",
            f"parameters = {{ {told} }}",
        ]
    config.write_text("\n".join([CONFIG.read_text(), *lines, ""]))
    (folder / "callers.json").write_text(json.dumps({"auth": list(callers)}))
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
        f"{url}/openapi.json", "--checks", "all", "--max-examples", str(EXAMPLES),
        "--seed", SEED, *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    print(done.stdout.rpartition(" SUMMARY ")[2])
    part = f"with boundary values of part {PART} of {PARTS}:\n"
    assert done.returncode == 0, part + findings(done.stdout) + done.stderr


def unbounded(operations: Sequence[str], parts: int, part: int) -> list[str]:
    """What leaves the boundary values of all but one part of the operations out."""
    others = [name for name in operations if crc32(name.encode()) % parts != part]
    only = ["[[operations]]", f"include-operation-id = {json.dumps(others)}"]
    return [*only, "phases.coverage.enabled = false"] if others else []


def findings(report: str) -> str:
    """The part of the report that says what is wrong and how to see it again."""
    places = [report.find(heading) for heading in (" ERRORS ", " FAILURES ")]
    begins = min((place for place in places if place >= 0), default=-SHOWN_CHARACTERS)
    return report[begins:][:SHOWN_CHARACTERS]


def each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def until_whole(suite: Suite) -> None:
    """The merged document is asked for anew every few seconds: wait for every service in it."""

    def is_whole() -> bool:
        paths = httpx.get(f"{suite.url}/openapi.json", timeout=20).json()["paths"]
        return {
            "/v1/accounts",
            "/v1/opportunities",
            "/v1/tickets",
            "/v1/analytics/query",
        } <= paths.keys()

    until(is_whole, "every service is in the merged document", seconds=30)


def gateways_paths(suite: Suite) -> list[str]:
    """Those of the merged document that no service answers alone, which its own test tries."""
    told = Counter(path for name in SERVICES for path in paths_of(url_of(suite, name)))
    return sorted(path for path in paths_of(suite.url) if told[path] != 1)


def paths_of(url: str) -> set[str]:
    return set(httpx.get(f"{url}/openapi.json", timeout=20).json()["paths"])


def operations_of(url: str) -> list[str]:
    paths = httpx.get(f"{url}/openapi.json", timeout=20).json()["paths"]
    return [told["operationId"] for methods in paths.values() for told in methods.values()]


def url_of(suite: Suite, name: str) -> str:
    url: str = next(each["url"] for each in suite.processes() if each["name"] == name)
    return url


def rep(admin: Admin, name: str) -> dict[str, Any]:
    """A salesperson of a team of their own, who sees nobody else's records."""
    email, password = f"{name}@{uuid4().hex[:12]}.example", f"Fuzz-{uuid4().hex}"
    with signed_in(admin) as client:
        team = client.post("/v1/teams", json={"name": name}).raise_for_status().json()["id"]
        sent = {"name": name, "email": email, "password": password, "role": "sales"}
        client.post("/v1/users", json={**sent, "team_ids": [team]}).raise_for_status()
    return caller(admin.suite, name, email, password)


def test_contacts_keep_to_their_document(suite: Suite, admin: Admin, tmp_path: Path) -> None:
    by = caller(suite, "admin", admin.email, admin.password)
    fuzz(tmp_path, url_of(suite, "contacts"), [by])


def test_the_pipeline_keeps_to_its_document(suite: Suite, admin: Admin, tmp_path: Path) -> None:
    by = caller(suite, "admin", admin.email, admin.password)
    fuzz(tmp_path, url_of(suite, "pipeline"), [by])


def test_tickets_keep_to_their_document(suite: Suite, admin: Admin, tmp_path: Path) -> None:
    by = caller(suite, "admin", admin.email, admin.password)
    fuzz(tmp_path, url_of(suite, "tickets"), [by])


def test_analytics_keeps_to_its_document(suite: Suite, admin: Admin, tmp_path: Path) -> None:
    by = caller(suite, "admin", admin.email, admin.password)
    fuzz(tmp_path, url_of(suite, "analytics"), [by])


def test_the_gateway_keeps_to_the_document_of_all(
    suite: Suite, admin: Admin, tmp_path: Path
) -> None:
    until_whole(suite)
    by = caller(suite, "admin", admin.email, admin.password)
    own = each("--include-path", gateways_paths(suite))
    fuzz(tmp_path, suite.url, [by], *own, *each("--exclude-operation-id", LOCKING))


def test_what_can_lock_its_caller_out_keeps_to_its_document(
    suite: Suite, admin: Admin, tmp_path: Path
) -> None:
    bearer = {"name": "Authorization", "value": f"Bearer {admin.token()}"}
    by = {"name": "admin", "fixedHeaders": [bearer]}
    fuzz(tmp_path, suite.url, [by], *each("--include-operation-id", LOCKING))


def test_what_lies_behind_links_keeps_to_its_document(
    suite: Suite, admin: Admin, tmp_path: Path
) -> None:
    """Public addresses with a form, a portal, a survey and a quote behind them, not with tokens of nobody."""
    until_whole(suite)
    by = caller(suite, "admin", admin.email, admin.password)
    with signed_in(admin) as client:
        links = opened_links(client)
    fuzz(
        tmp_path, suite.url, [by], "--include-path-regex", "^/v1/public/", "--max-examples", str(5 * EXAMPLES),
        links=links,
    )  # fmt: skip


def test_a_rep_does_not_get_what_is_another_reps(
    suite: Suite, admin: Admin, tmp_path: Path
) -> None:
    until_whole(suite)
    pair = [rep(admin, "alice"), rep(admin, "bob")]
    only = [
        "--include-path-regex",
        "^/v1/(accounts|contacts|leads|opportunities|quotes|orders|invoices|payments|tickets|imports|shares|sessions|customers)",
    ]
    fuzz(tmp_path, suite.url, pair, "--phases", "fuzzing,stateful", *only)


def test_every_operation_is_in_one_part() -> None:
    names = [f"operation_{n}" for n in range(50)]
    left_out = [json.loads(unbounded(names, 4, part)[1].partition(" = ")[2]) for part in range(4)]
    assert sorted(name for part in left_out for name in part) == sorted(names * 3)
    assert unbounded(names, 1, 0) == []
