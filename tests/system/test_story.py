"""What a front end sees of the running suite: through the gateway, with real processes that die."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.launch.until import until
from tests.suite import Admin, Suite, running_suite

APP = "https://app.example.com"
AWAY = {502, 503, 504}
# Three seconds where nothing else runs; tests run beside each other.
RECOVERY_SECONDS = 20.0
MEBIBYTE = 1 << 20

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class SignedIn:
    """A person at their front end."""

    admin: Admin
    client: httpx.Client
    refresh_token: str

    def create(self, name: str) -> str:
        made = self.client.post("/v1/accounts", json={"name": name})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite(GATEWAY_CORS_ORIGINS=APP) as suite:
        yield suite


@pytest.fixture
def me(suite: Suite) -> Iterator[SignedIn]:
    admin = suite.new_organisation("Story")
    with httpx.Client(base_url=suite.url, timeout=30) as client:
        sent = {"email": admin.email, "password": admin.password}
        tokens = client.post("/v1/auth/sign-in", json=sent).raise_for_status().json()
        client.headers["authorization"] = f"Bearer {tokens['access_token']}"
        yield SignedIn(admin, client, tokens["refresh_token"])


@contextmanager
def halted(suite: Suite, name: str) -> Iterator[None]:
    """A process that takes connections and answers nothing."""
    pid = suite.pid_of(name)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        suite.until_ready()


def test_who_signs_in_is_told_who_they_are(me: SignedIn) -> None:
    found = me.client.get("/v1/me").json()
    assert found["email"] == me.admin.email
    assert found["organisation"]["id"] == str(me.admin.organisation_id)


def test_a_create_sent_twice_with_one_key_makes_one_record(me: SignedIn) -> None:
    headers = {"idempotency-key": str(uuid4())}
    sent = {"name": "上海晨光文具有限公司", "revenue": {"amount": "1200000.00", "currency": "CNY"}}
    first = me.client.post("/v1/accounts", json=sent, headers=headers)
    again = me.client.post("/v1/accounts", json=sent, headers=headers)
    other = me.client.post("/v1/accounts", json={"name": "Another"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert len(me.client.get("/v1/accounts").json()["data"]) == 1


@pytest.mark.parametrize("words", ["张三", "张", "zhangsan", "zs", "5550"])
def test_zhang_san_is_found_by_name_pinyin_initials_and_number(me: SignedIn, words: str) -> None:
    sent = {"name": "张三", "phones": [{"number": "+8613800005550", "kind": "mobile"}]}
    made = me.client.post("/v1/contacts", json=sent).raise_for_status().json()
    me.client.post("/v1/contacts", json={"name": "李四"}).raise_for_status()
    found = me.client.get("/v1/search", params={"q": words}).json()
    assert [each["id"] for each in found["data"]] == [made["id"]]


def test_a_long_poll_is_woken_by_a_change(me: SignedIn) -> None:
    until(lambda: bool(me.client.get("/v1/events").json()), "the first events are in the feed")
    caught_up = me.client.get("/v1/events", params={"limit": 500}).headers["x-next-after"]
    asked = {"after": caught_up, "types": "contacts.account.created", "wait": "20"}
    with ThreadPoolExecutor(1) as waiting:
        heard = waiting.submit(me.client.get, "/v1/events", params=asked)
        for _ in range(5):
            me.client.get("/v1/me").raise_for_status()
        assert not heard.done()
        started = monotonic()
        account = me.create("北京未来科技有限公司")
        events: list[dict[str, Any]] = heard.result().json()
    assert [event["subject"] for event in events] == [f"account/{account}"]
    assert monotonic() - started < 10


def test_an_overview_marks_what_is_away(suite: Suite, me: SignedIn) -> None:
    account = me.create("广州远航物流有限公司")
    path = f"/v1/customers/{account}/overview"
    whole = me.client.get(path).json()
    with halted(suite, "contacts"):
        partial = me.client.get(path)
    assert (whole["account"]["status"], whole["parts"]["contacts"]["status"]) == ("ok", "ok")
    assert whole["account"]["data"]["id"] == account
    assert partial.status_code == 200
    assert partial.json()["account"]["status"] == "unavailable"
    assert partial.json()["parts"]["contacts"]["status"] == "unavailable"


def first_pipeline(me: SignedIn) -> dict[str, Any]:
    """The one that an organisation begins with, once the news of it has arrived."""

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = me.client.get("/v1/pipelines").json()["data"]
        return found

    until(lambda: bool(read()), "a pipeline is there", seconds=20)
    return read()[0]


def test_a_deal_is_told_on_the_timeline_of_its_account_and_stands_in_its_overview(
    me: SignedIn,
) -> None:
    """From the pipeline that an organisation begins with to contacts' timeline, by the feeds."""
    pipeline = first_pipeline(me)
    account = me.create("苏州智造科技有限公司")
    sent = {
        "name": "产线升级",
        "account_id": account,
        "amount": {"amount": "9.5", "currency": "CNY"},
    }
    deal = me.client.post("/v1/opportunities", json=sent)
    # The copy may not know the account yet: then contacts is asked.
    assert deal.status_code == 201, deal.text
    assert deal.json()["is_account_verified"] is True
    won = next(stage for stage in pipeline["stages"] if stage["kind"] == "won")
    path = f"/v1/opportunities/{deal.json()['id']}/move"
    me.client.post(path, json={"stage_id": won["id"]}).raise_for_status()

    def told() -> list[str]:
        page = me.client.get(f"/v1/accounts/{account}/timeline", params={"kind": "external"})
        return [entry["title"] for entry in page.json()["data"]]

    wanted = ["Opportunity won: 产线升级", "Opportunity created: 产线升级"]
    until(lambda: told() == wanted, "the account's timeline tells of it", seconds=20)
    parts = me.client.get(f"/v1/customers/{account}/overview").json()["parts"]
    assert [each["id"] for each in parts["opportunities"]["data"]["data"]] == [deal.json()["id"]]
    board = me.client.get(f"/v1/pipelines/{pipeline['id']}/board").json()
    stage = next(stage for stage in board["stages"] if stage["kind"] == "won")
    assert (stage["count"], stage["sums"]) == (1, [{"amount": "9.50", "currency": "CNY"}])


def test_with_contacts_away_a_deal_is_taken_on_trust(suite: Suite, me: SignedIn) -> None:
    first_pipeline(me)
    sent = {"name": "On trust", "account_id": str(uuid4())}
    with halted(suite, "contacts"):
        deal = me.client.post("/v1/opportunities", json=sent)
    assert (deal.status_code, deal.json().get("is_account_verified")) == (201, False), deal.text
    refused = me.client.post("/v1/opportunities", json=sent)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")


def test_any_page_may_send_a_form_and_is_told_so_once(me: SignedIn) -> None:
    form = {"name": "Contact us", "fields": [{"name": "name", "label": "Name"}]}
    made = me.client.post("/v1/leads/forms", json=form).raise_for_status().json()
    path, page = f"/v1/public/forms/{made['key']}", {"origin": "https://any.example"}
    with httpx.Client(base_url=str(me.client.base_url), headers=page, timeout=30) as browser:
        asked = browser.options(path, headers={"access-control-request-method": "POST"})
        sent = browser.post(path, json={"name": "李雷"})
        refused = browser.post(path, json=["no form"])
    assert (asked.status_code, sent.status_code) == (204, 201), sent.text
    assert refused.is_client_error
    for answer in (asked, sent, refused):
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    (lead,) = me.client.get("/v1/leads").json()["data"]
    assert (lead["name"], lead["form_id"]) == ("李雷", made["id"])


def test_after_a_killed_service_its_requests_recover(suite: Suite, me: SignedIn) -> None:
    account = me.create("成都天府食品有限公司")
    suite.kill("contacts")
    seen: set[int] = set()

    def is_back() -> bool:
        seen.add(status := me.client.get(f"/v1/accounts/{account}").status_code)
        return status == 200

    until(is_back, "the account is there again", seconds=RECOVERY_SECONDS)
    assert seen <= AWAY | {200}
    suite.until_ready()


def test_a_killed_gateway_keeps_its_sessions(suite: Suite, me: SignedIn) -> None:
    account = me.create("深圳前海软件有限公司")
    suite.kill("gateway")
    suite.until_ready()
    assert me.client.get(f"/v1/accounts/{account}").status_code == 200
    sent = {"refresh_token": me.refresh_token}
    renewed = me.client.post("/v1/auth/refresh", json=sent)
    assert renewed.status_code == 200
    headers = {"authorization": f"Bearer {renewed.json()['access_token']}"}
    assert me.client.get("/v1/me", headers=headers).json()["email"] == me.admin.email


def test_a_request_id_comes_back_and_stands_in_the_problem(me: SignedIn) -> None:
    headers = {"x-request-id": "order-4711"}
    found = me.client.get("/v1/accounts", headers=headers)
    missing = me.client.get(f"/v1/accounts/{uuid4()}", headers=headers)
    assert found.headers.get_list("x-request-id") == ["order-4711"]
    assert missing.json()["request_id"] == "order-4711"


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/users", "/v1/nothing", "/health/ready"])
def test_every_answer_protects_browsers(me: SignedIn, path: str) -> None:
    headers = me.client.get(path, headers={"origin": APP}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["access-control-allow-origin"] == APP


def test_only_the_origins_of_the_settings_may_read_answers(me: SignedIn) -> None:
    asking = {"access-control-request-method": "PATCH"}
    ours = me.client.options("/v1/accounts", headers={"origin": APP, **asking})
    theirs = me.client.options("/v1/accounts", headers={"origin": "https://evil.example", **asking})
    assert ours.headers["access-control-allow-origin"] == APP
    assert "PATCH" in ours.headers["access-control-allow-methods"]
    assert "access-control-allow-origin" not in theirs.headers


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/teams"])
def test_a_body_beyond_a_mebibyte_is_413(me: SignedIn, path: str) -> None:
    answer = me.client.post(path, json={"name": "x" * MEBIBYTE})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["/v1/nothing", "/nothing", "/v1/accounts/1/nothing", "/v1/me/x"])
def test_a_path_that_is_none_is_a_404_problem(me: SignedIn, path: str) -> None:
    answer = me.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_who_has_not_signed_in_is_told_so(me: SignedIn) -> None:
    del me.client.headers["authorization"]
    for path in ("/v1/accounts", "/v1/users", "/v1/events", "/v1/jobs"):
        answer = me.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_ticket_is_on_the_timeline_and_in_the_overview_of_its_customer(me: SignedIn) -> None:
    account = me.create("杭州云杉信息技术有限公司")
    sent = {"subject": "发票抬头有误", "kind": "complaint", "account_id": account}
    ticket = me.client.post("/v1/tickets", json=sent)
    assert ticket.status_code == 201, ticket.text
    path = f"/v1/tickets/{ticket.json()['id']}"
    for body, visibility in (("Ask finance", "internal"), ("We look into it", "public")):
        said = {"body": body, "visibility": visibility}
        me.client.post(f"{path}/comments", json=said).raise_for_status()
    me.client.post(f"{path}/move", json={"status": "solved"}).raise_for_status()

    def titles() -> list[str]:
        entries = me.client.get(f"/v1/accounts/{account}/timeline?kind=external").json()["data"]
        return sorted(entry["title"].partition(":")[0] for entry in entries)

    wanted = ["Ticket created", "Ticket responded", "Ticket solved"]
    until(lambda: titles() == wanted, "the ticket is on the timeline", seconds=20)
    parts = me.client.get(f"/v1/customers/{account}/overview").json()["parts"]
    assert [each["number"] for each in parts["tickets"]["data"]["data"]] == ["TK-000001"]
    # Found by its customer's name once the news of the account has arrived.
    asked = {"q": "yunshan", "fields": "id"}
    until(
        lambda: bool(me.client.get("/v1/tickets", params=asked).json()["data"]),
        "the ticket is found by its customer's name",
        seconds=20,
    )
