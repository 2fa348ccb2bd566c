"""The README's tour, copied as it stands into a shell beside a suite started from nothing."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guanxi_shared.launch.ports import free_port
from tests.launch.until import until

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MEMBERS = [ROOT / "shared", ROOT / "gateway", *(ROOT / "services").iterdir()]
OURS = ("GUANXI_", "GATEWAY_", *(f"{folder.name.upper()}_" for folder in MEMBERS[2:]))
START_SECONDS, STOP_SECONDS, TOUR_SECONDS = 240.0, 60.0, 300.0
AFTER_EACH = "\necho '--- piece'\n"

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Running:
    folder: Path
    port: int
    log: Path


def tour_pieces() -> list[str]:
    tour = README.partition("## A tour of nine minutes")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", tour, re.DOTALL)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`make run` without make: the folder stands for the clone."""
    folder = tmp_path_factory.mktemp("clone")
    suite = Running(folder, free_port(), folder / "up.log")
    env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    env |= {
        "PYTHONPATH": os.pathsep.join(str(member) for member in MEMBERS),
        "GUANXI_PORT": str(suite.port),
    }
    with suite.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "guanxi_gateway.cli", "up"],
            cwd=folder, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        until(lambda: "Ctrl-C stops" in told(suite, process), "ready", seconds=START_SECONDS)
        yield suite
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)


def told(suite: Running, process: subprocess.Popen[bytes]) -> str:
    text = suite.log.read_text(encoding="utf-8", errors="replace")
    assert process.poll() is None, text[-3000:]
    return text


@pytest.fixture(scope="module")
def answers(running: Running) -> list[str]:
    """What each piece of the tour printed."""
    script = "set -eu -o pipefail\n" + AFTER_EACH.join(tour_pieces())
    script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{running.port}")
    done = subprocess.run(
        ["bash", "-c", script], cwd=running.folder, capture_output=True, text=True,
        timeout=TOUR_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout[-3000:]
    return done.stdout.split("--- piece\n")


def piece(answers: list[str], sign: str) -> str:
    """The answer of the piece that holds `sign`."""
    number = next(number for number, text in enumerate(tour_pieces()) if sign in text)
    return answers[number]


def documents(text: str) -> list[dict[str, object]]:
    """The pretty-printed JSON objects in it, one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def test_the_list_holds_large_companies(answers: list[str]) -> None:
    (page,) = documents(piece(answers, "staff_count[gte]"))
    assert len(page["data"]) == 3  # type: ignore[arg-type]
    assert page["page"]["total"] >= 3  # type: ignore[index]


def test_zhang_san_is_found_by_name_and_by_initials(answers: list[str]) -> None:
    by_name, by_initials = documents(piece(answers, "q=zs"))
    for found in (by_name, by_initials):
        assert found["data"][0]["name"] == "张三"  # type: ignore[index]


def test_the_repeated_create_is_replayed(answers: list[str]) -> None:
    printed = piece(answers, "Idempotency-Key")
    assert "HTTP/1.1 201" in printed
    assert "idempotent-replayed: true" in printed.lower()


def test_the_second_change_is_refused_as_stale(answers: list[str]) -> None:
    changed, refused = documents(piece(answers, "If-Match"))
    assert (changed["grade"], changed["version"]) == ("B", 2)
    assert (refused["status"], refused["differs"]) == (412, ["grade"])


def test_the_past_is_there(answers: list[str]) -> None:
    history, before = documents(piece(answers, "as_of"))
    assert [entry["version"] for entry in history["data"]] == [2, 1]  # type: ignore[attr-defined]
    assert before["grade"] is None


def test_the_feed_gives_events_and_a_cursor(answers: list[str]) -> None:
    head, _, body = piece(answers, "/v1/events").replace("\r", "").partition("\n\n")
    assert "x-next-after: " in head.lower()
    assert [event["type"] for event in json.loads(body)] == ["contacts.account.created"] * 2


def test_the_overview_shows_the_account_with_its_people(answers: list[str]) -> None:
    overview, chart = documents(piece(answers, "overview"))
    assert overview["account"]["data"]["name"] == "北京未来科技有限公司"  # type: ignore[index]
    assert chart["people"][0]["name"] == "张三"  # type: ignore[index]


def test_the_standing_tells_since_when_and_why(answers: list[str]) -> None:
    (standing,) = documents(piece(answers, "/standing"))
    stage = standing["present"]["lifecycle_stage"]  # type: ignore[index]
    assert stage["value"] == "active"
    assert stage["how"]["reason"]
    assert stage["how"]["effective_on"] < stage["how"]["at"]


def test_the_visit_three_kilometres_off_is_flagged(answers: list[str]) -> None:
    printed = piece(answers, "activities/check-in")
    distance = re.search(r"'distance_m': (\d+)", printed)
    assert distance is not None
    assert 2_900 < int(distance[1]) < 3_100
    assert "'is_far': True" in printed


def test_the_calendar_names_both_meetings_and_feeds_a_phone(answers: list[str]) -> None:
    refused, _, feed = piece(answers, "calendar/feeds").partition("BEGIN:VCALENDAR")
    (problem,) = documents(refused)
    subjects = {each["subject"] for each in problem["conflicts"]}  # type: ignore[attr-defined]
    assert (problem["code"], subjects) == (
        "calendar_conflict",
        {"年度合作方案讨论", "区域价格评审"},
    )
    assert "BEGIN:VEVENT" in feed


def test_the_deal_goes_along_the_board_and_onto_the_timeline(answers: list[str]) -> None:
    printed = piece(answers, "/board?")
    moved, end = json.JSONDecoder().raw_decode(printed)
    assert (moved["status"], moved["probability"]) == ("open", 25.0)
    rest = printed[end:]
    assert '"name": "新业务 New business"' in rest
    assert "\nwon\n" in rest
    stays, told = documents(rest.partition("\nwon\n")[2])
    assert len(stays["data"]) == 3  # type: ignore[arg-type]
    titles = [entry["title"] for entry in told["data"]]  # type: ignore[attr-defined]
    assert titles == [f"Opportunity {verb}: 产线升级" for verb in ("won", "moved", "created")]


def test_a_form_becomes_a_customer_with_a_deal(answers: list[str]) -> None:
    printed = piece(answers, "public/forms").splitlines()
    assert '"thanks_text"' in printed[0]
    assert [line for line in printed[1:] if line] == ["其他 All others", "done"]


def test_a_question_has_its_records_and_a_model_its_past_error(answers: list[str]) -> None:
    lines = piece(answers, "/v1/analytics/query").strip().splitlines()
    assert [line.split()[-1] for line in lines[:3]] == ["/v1/analytics/facts/sales/search"] * 3
    told = (
        "past cases",
        "past moment",
        "it takes",
        "do not tell",
    )  # whichever the demo's purchases come to
    assert any(words in lines[3] for words in told)


def test_an_accepted_quote_is_an_order(answers: list[str], running: Running) -> None:
    printed = piece(answers, "/v1/quotes/")
    status, _, rest = printed.partition("\n")
    (page, end) = json.JSONDecoder().raw_decode(rest)
    (order,) = page["data"]
    assert (status, order["status"]) == ("accepted", "placed")
    assert order["total"] == {
        "amount": "136952.00",
        "currency": "CNY",
    }  # 2 at 68,000 less 5 %, and 6 % tax
    totals, closed = rest[end:].split("\n")[1:3]
    assert "'amount': {'amount': '129200.00', 'currency': 'CNY'}" in totals
    assert float(closed) > 0
    assert (running.folder / "quote.pdf").read_bytes().startswith(b"%PDF-")


def test_the_largest_of_the_pool_is_claimed(answers: list[str]) -> None:
    printed = piece(answers, "claim-next")
    page, end = json.JSONDecoder().raw_decode(printed)
    assert len(page["data"]) == 3
    assert printed[end:].strip().endswith("公司")


def test_the_check_for_duplicates_hides_what_is_not_yours(answers: list[str]) -> None:
    lines = piece(answers, "check-duplicate").splitlines()
    assert [line.split()[:3] for line in lines if line] == [
        ["certain", "yours", "刘洋"],
        ["certain", "hidden", "周敏"],
    ]


def test_the_merge_redirects_until_it_is_undone(answers: list[str]) -> None:
    assert piece(answers, "/v1/merges").split() == ["308", "undone", "200"]


def test_the_manager_sees_more_than_the_salesperson(answers: list[str]) -> None:
    own, all_teams = map(int, piece(answers, "count()").split())
    assert 0 < own < all_teams


def test_the_import_takes_all_rows_but_the_wrong_one(answers: list[str]) -> None:
    printed = piece(answers, "/v1/imports")
    assert "done 5001 of 5001" in printed
    assert "'created': 5000, 'refused': 1" in printed
    assert "Tour Company without an address,services,this is none,12,5002," in printed


def test_a_complaint_is_followed_by_its_link(answers: list[str]) -> None:
    assert piece(answers, "ticket-forms").split() == ["public", "明天上午有人到现场。"]
