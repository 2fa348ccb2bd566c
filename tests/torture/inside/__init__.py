"""What happens inside of a tortured process: its calls go over lines that fail, it stops or dies around
commits, and it may have one planted bug. None of it is in what is shipped."""

import json
import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from tests.torture.inside import failpoints, plants
from tests.torture.lines import POSTGRES


def arm(service: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """`TORTURE` holds JSON: `lines` (a proxy's port by `source>target`), `failpoints`, `storms`, `plant`."""
    told = json.loads(environment["TORTURE"])
    divert(service, told["lines"], environment)
    failpoints.arm(told["failpoints"], Path(told["storms"]))
    if told["plant"]:
        plants.PLANTS[told["plant"]].plant()


def divert(
    service: str, ports: dict[str, int], environment: MutableMapping[str, str] = os.environ
) -> None:
    """Every address that this process is told leads to the proxy of its own line."""
    if (named := environment.get("GUANXI_SERVICES")) is not None:
        pairs = (part.partition("=") for part in named.split(","))
        environment["GUANXI_SERVICES"] = ",".join(
            f"{name}={_at(address, ports.get(f'{service}>{name}'))}" for name, _, address in pairs
        )
    if "GUANXI_GATEWAY_URL" in environment:
        port = ports.get(f"{service}>gateway")
        environment["GUANXI_GATEWAY_URL"] = _at(environment["GUANXI_GATEWAY_URL"], port)
    for name in [n for n in environment if n.endswith("DATABASE_URL")]:
        environment[name] = _at(environment[name], ports.get(f"{service}>{POSTGRES}"))


def _at(address: str, port: int | None) -> str:
    return address if port is None else re.sub(r":\d+(?=/|\?|$)", f":{port}", address, count=1)
