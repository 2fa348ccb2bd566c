"""Gateways that are killed by SIGKILL in the middle of a composite, and services under them.

A process with the environment of the suite's own gateway loads it once and forks one for each place where
it dies; the suite's gateway then finds what they left.
"""

import asyncio
import os
import signal
import sys
from typing import Any

import orjson

from guanxi_shared.launch.provision import service_urls
from guanxi_shared.launch.secret_file import SecretFile
from tests.composite.conftest import LEASE_SECONDS
from tests.suite import Suite, database_of

SERVICES = ("contacts", "pipeline", "tickets", "analytics")
GATEWAY = """
import asyncio, json, os, signal, sys, time
from guanxi_gateway.app import make_house
from guanxi_gateway.composite import asking, checking, journal, running, service
from guanxi_gateway.composite.routes import hands_of
from guanxi_gateway.composite.schemas import CompositeRequest
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.upstream import Upstream
from guanxi_shared.errors import Unavailable
from guanxi_shared.identifiers import new_id
from guanxi_shared.settings import Common, named_addresses
from hashlib import sha256
from uuid import UUID

def dying(place, number, victim):
    counted = {}

    def reach(name):
        counted[name] = counted.get(name, 0) + 1
        if name == place and counted[name] == number:
            os.kill(victim or os.getpid(), signal.SIGKILL)

    def around(module, name):
        real = getattr(module, name)
        async def wrapped(*args, **more):
            reach("before " + name)
            found = await real(*args, **more)
            reach("after " + name)
            return found
        setattr(module, name, wrapped)

    around(asking, "ask")
    for name in ("claim", "keep", "end"):
        around(journal, name)
    return counted

async def work(story):
    settings, common = GatewaySettings(), Common()
    here = make_house(settings, common, IdentitySettings())
    await here.db.open()
    peers = {name: Upstream(name, url) for name, url in named_addresses(common.services).items()}
    hands = hands_of(here, peers, settings.composite_lease_seconds)
    raw = story["raw"].encode()
    data = CompositeRequest.model_validate_json(raw)
    run = journal.Run(
        UUID(story["org"]), new_id(), UUID(story["sub"]), UUID(story["sid"]), None, data.all_or_nothing,
        checking.steps_for(data.requests, all_or_nothing=data.all_or_nothing, known=peers),
        story["key"], new_id(), authorization=story["authorization"],
    )
    fingerprint = sha256(b"POST /v1/composite\\n" + raw).digest()
    assert await journal.claim(here.db, run, fingerprint=fingerprint, seconds=hands.lease_seconds)
    try:
        await service.finish(hands, run, time.monotonic() + 20)
    except Unavailable:
        pass

def forked(story):
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        counted = dying(story["place"], story["number"], story["victim"])
        try:
            asyncio.run(work(story))
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(3)
        os.write(writing, json.dumps(counted).encode())
        os._exit(0)
    os.close(writing)
    end = os.waitpid(process, 0)[1]
    told = os.read(reading, 65536)
    os.close(reading)
    return [end, json.loads(told) if told else {}]

print(json.dumps([forked(story) for story in json.load(sys.stdin)]))
"""


def environment_of(suite: Suite) -> dict[str, str]:
    """What the suite's own gateway was told."""
    secrets = SecretFile(suite.data).read()
    urls = service_urls(database_of(suite), ["gateway"], secrets)["gateway"]
    peers = [p for p in suite.processes() if p["url"] and p["name"] in SERVICES]
    return {
        **os.environ,
        **{name: secrets[name] for name in ("GUANXI_SERVICE_SECRET", "GATEWAY_SECRET")},
        "GATEWAY_DATABASE_URL": urls.request, "GATEWAY_FEED_DATABASE_URL": urls.feed,
        "GATEWAY_COMPOSITE_LEASE_SECONDS": str(LEASE_SECONDS), "GUANXI_GATEWAY_URL": suite.url,
        "GUANXI_SERVICES": ",".join(f"{p['name']}={p['url']}" for p in peers),
        "GUANXI_DATA_DIR": str(suite.data), "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip


async def die_performing(
    suite: Suite, stories: list[dict[str, Any]]
) -> list[tuple[int, dict[str, int]]]:
    """How each gateway ended (0, or the signal), and how often those that lived reached each place."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", GATEWAY, env=environment_of(suite), start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(orjson.dumps(stories)), 150)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, err.decode()
    found: list[Any] = orjson.loads(out.splitlines()[-1])
    assert all(end in (0, signal.SIGKILL) for end, _ in found), (found, err.decode())
    return [(end, counted) for end, counted in found]
