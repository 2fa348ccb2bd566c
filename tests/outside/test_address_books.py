"""Calendars and cards as ical.js reads them, which Thunderbird and many web calendars are built on."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from guanxi_contacts.calendar_feeds import ics_rules
from guanxi_contacts.exports import rules
from guanxi_shared.tables.content_lines import parameter, printable
from guanxi_shared.tables.vcard_writer import VcardWriter
from tests.contacts.calendar_rows import row
from tests.outside.tools import CLIENTS, node_tools

SPECIAL = ["\\", "\\n", "\n", "\r\n", ",", ";", ":", '"', "'", "^n", "=", "\t", " ", "张伟", "🎈", "é", "\u2028", "\x85", "\x0b", "BEGIN:VCARD"]  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")


def texts(seed: int, count: int) -> list[str]:
    random = Random(seed)
    return ["".join(random.choices([*SPECIAL, "ab", "长" * 40], k=random.randint(1, 9))) + "." for _ in range(count)]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ical")
    (place / "node_modules").symlink_to(node_tools())
    for name in ("read_feeds.mjs", "package.json"):
        shutil.copy(CLIENTS / name, place)
    return place


def found_in(folder: Path, files: list[bytes]) -> list[list[Any]]:
    sent = json.dumps([file.decode() for file in files])
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "read_feeds.mjs"], cwd=folder, input=sent, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[list[Any]] = json.loads(done.stdout)
    return answer


def test_any_text_of_a_calendar_is_read_as_it_was_written(folder: Path) -> None:
    written = texts(1, 60)
    somebody = {"user_id": None, "contact_id": None, "email": "a@b.example", "response": "accepted"}
    files = [
        ics_rules.as_ics(
            text,
            [row(subject=text, body=text, tags=[text], participants=[somebody | {"name": text}])],
            now=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for text in written
    ]
    for text, [[event]] in zip(written, found_in(folder, files), strict=True):
        assert (event["summary"], event["description"]) == (printable(text), printable(text))
        assert event["categories"] == [printable(text)]
        assert event["attendees"] == [["mailto:a@b.example", parameter(text)]]


def test_a_weekly_nine_o_clock_is_nine_in_summer_and_winter(folder: Path) -> None:
    first = datetime(2026, 1, 5, 9, tzinfo=BERLIN)
    weekly = row(
        starts_at=first.astimezone(UTC), ends_at=first.astimezone(UTC) + timedelta(hours=1),
        recurrence="FREQ=WEEKLY;COUNT=53", time_zone="Europe/Berlin", series_starts_at=first.astimezone(UTC),
        exdates=[(first + timedelta(weeks=13)).astimezone(UTC)],
    )  # fmt: skip
    wanted = [first + timedelta(weeks=n) for n in range(53) if n != 13]
    file = ics_rules.as_ics("x", [weekly], now=first)
    [[[event]]] = found_in(folder, [file])
    assert event["starts"] == [f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for at in wanted]
    assert {at.astimezone(UTC).hour for at in wanted} == {7, 8}


def test_whole_days_and_alarms_are_understood(folder: Path) -> None:
    midnight = datetime(2026, 6, 1, tzinfo=BERLIN).astimezone(UTC)
    day = row(starts_at=midnight, ends_at=midnight + timedelta(days=1), time_zone="Europe/Berlin")
    me, at = day["id"], day["starts_at"] + timedelta(hours=9)
    alarm = {"reminder_at": at - timedelta(minutes=30), "owner_id": me}
    timed = row(starts_at=at, ends_at=at + timedelta(hours=1), **alarm)
    files = [ics_rules.as_ics("x", [each], now=midnight, reminds=me) for each in (day, timed)]
    [[[whole]], [[event]]] = found_in(folder, files)
    assert (whole["is_day"], whole["start"]) == (True, "2026-06-01")
    assert (event["is_day"], event["alarms"]) == (False, ["-PT30M"])


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_any_text_of_a_card_is_read_as_it_was_written(folder: Path, version: Any) -> None:
    written = texts(2, 60)
    people = [
        {
            "id": f"0190a000-0000-7000-8000-0000000{number:05}", "name": text, "family_name": text,
            "given_name": "伟", "description": text, "tags": [text, "b"],
            "emails": [{"address": "b@c.example", "kind": "work", "is_primary": False},
                       {"address": "a@c.example", "kind": "home", "is_primary": True}],
            "phones": [{"number": "+86 10 1234", "kind": "mobile", "is_primary": True}],
            "addresses": [{"kind": "home", "street": text, "city": "京", "country": "CN"}],
        }
        for number, text in enumerate(written)
    ]  # fmt: skip
    writer = VcardWriter(version=version)
    raw = writer.rows([rules.card(each, account=lambda _: None) for each in people])
    [cards] = found_in(folder, [raw])
    for text, card in zip(written, cards, strict=True):
        plain = printable(text)
        assert (card["full_name"], card["note"]) == (plain, plain)
        assert card["name"][:2] == [plain, "伟"]
        assert card["categories"] == [plain, "b"]
        assert card["emails"] == ["a@c.example", "b@c.example"]
        assert card["phones"] == ["+86 10 1234"]
        assert card["addresses"] == [["", "", plain, "京", "", "", "CN"]]


def test_a_chinese_name_says_how_it_is_sorted(folder: Path) -> None:
    person = {"id": "1", "name": "欧阳伟明", "family_name": "欧阳", "given_name": "伟明"}
    raw = VcardWriter().rows([rules.card(person, account=lambda _: None)])
    [[card]] = found_in(folder, [raw])
    assert (card["name"][:2], card["kind"]) == (["欧阳", "伟明"], "individual")
    assert card["sort_as"] == "Ouyang,Weiming"
