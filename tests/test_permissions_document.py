"""`docs/permissions.md` names every permission that the code asks for, and no other resource."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from guanxi_gateway.identity.permission_rules import ACTIONS, EXTRA_ACTIONS, RESOURCES

ROOT = Path(__file__).parent.parent
ACTION = "|".join((*ACTIONS, *EXTRA_ACTIONS))
ASKED = re.compile(rf'"([a-z]+(?:-[a-z]+)*):({ACTION})"')
ROW = re.compile(r"^\| [^|]* \| `([a-z-]+)` \| ([^|]+) \|$", re.M)


def sources() -> Iterator[Path]:
    for folder in ("services", "gateway", "shared"):
        for path in (ROOT / folder).rglob("guanxi_*/**/*.py"):
            if "migrations" not in path.parts and path.name != "permission_rules.py":
                yield path


def asked() -> Mapping[str, set[str]]:
    found = defaultdict(set)
    for path in sources():
        for resource, action in ASKED.findall(path.read_text(encoding="utf-8")):
            found[resource].add(action)
    return found


def listed() -> Mapping[str, set[str]]:
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    return {resource: set(re.findall(ACTION, actions)) for resource, actions in ROW.findall(text)}


def test_every_permission_that_is_asked_for_can_be_granted() -> None:
    assert len(asked()) > 40
    assert sorted(set(asked()) - RESOURCES) == []


def test_the_document_lists_every_resource_and_what_is_asked_of_it() -> None:
    shown = listed()
    assert sorted(RESOURCES ^ set(shown)) == []
    missing = {
        resource: actions - shown[resource]
        for resource, actions in asked().items()
        if actions - shown[resource]
    }
    assert missing == {}
