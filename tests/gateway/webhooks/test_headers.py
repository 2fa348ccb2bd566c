"""Headers of an endpoint's own: sent, kept in confidence, never ours."""

import pytest

from guanxi_gateway.webhooks import header_rules
from tests.deadlines import until_true
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import PATH, deliveries, eventually, owning, subscribed
from tests.prepared import Clone

SECRET = "Bearer canary-of-headers-9f2"
SENT = {"Authorization": SECRET, "X-Tenant": "north 7"}


async def test_they_are_sent_and_nobody_is_shown_what_they_say(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    echo = b"no: Bearer canary-of-headers-9f2 and canary-of-headers-9f2"
    receiver.replies = [(500, {"content-type": "text/plain"}, echo)]
    webhook = await subscribed(company.admin, receiver.url, headers=SENT)
    assert webhook["header_names"] == ["Authorization", "X-Tenant"]
    assert "headers" not in webhook
    await company.team("Told")
    async with dispatching():
        await until_true(lambda: len(receiver.got) == 1, seconds=20)

        async def noted() -> bool:
            return (await deliveries(company.admin, webhook))[0]["attempts"] == 1

        await eventually(noted)
    (got,) = receiver.got
    assert (got.headers["authorization"], got.headers["x-tenant"]) == (SECRET, "north 7")
    assert got.verified(webhook["secret"]) == got.json
    one = (await deliveries(company.admin, webhook))[0]
    log = (await company.admin.get(f"{PATH}/{webhook['id']}/deliveries/{one['id']}")).json()
    assert log["attempt_log"][0]["excerpt"] == "no: [hidden] and [hidden]"
    shown = [
        (await company.admin.get(path)).text
        for path in (
            PATH, f"{PATH}/{webhook['id']}", f"{PATH}/{webhook['id']}/history",
            "/v1/audit?limit=200", "/v1/events?limit=1000",
        )
    ]  # fmt: skip
    assert all("canary-of-headers" not in text for text in shown)
    async with owning(database.admin_url) as owner:
        row = await owner.fetchrow("SELECT w::text FROM webhooks w WHERE id = $1", webhook["id"])
        assert "canary-of-headers" not in row[0]


async def test_they_are_changed_as_a_whole_and_do_not_follow_to_another_host(
    company: Company, receiver: Receiver
) -> None:
    """Who may say where an endpoint leads shall not have its receiver's password sent to themselves."""
    admin = company.admin
    webhook = await subscribed(admin, receiver.url, headers=SENT)
    path = f"{PATH}/{webhook['id']}"

    async def names(**sent: object) -> list[str]:
        answer = await admin.patch(path, sent)
        assert answer.status_code == 200, answer.text
        found: list[str] = answer.json()["header_names"]
        return found

    assert await names(description="else") == ["Authorization", "X-Tenant"]
    assert await names(url=f"{receiver.url}/further") == ["Authorization", "X-Tenant"]
    assert await names(headers={"X-Tenant": "8"}) == ["X-Tenant"]
    elsewhere = f"http://127.0.0.1:{receiver.port + 1}/hook"
    assert await names(url=elsewhere, headers=SENT) == ["Authorization", "X-Tenant"]
    assert await names(url=receiver.url) == []
    assert await names(headers=SENT) == ["Authorization", "X-Tenant"]
    assert await names(headers=None) == []


@pytest.mark.parametrize(
    "name",
    ["Host", "content-type", "Content-Length", "webhook-id", "Webhook-Signature", "Connection", "TE",
     "transfer-encoding", "Upgrade", "Proxy-Authorization", "Keep-Alive", "bad name", "né", ""],
)  # fmt: skip
async def test_what_is_not_theirs_to_set_is_refused_by_its_name(
    company: Company, receiver: Receiver, name: str
) -> None:
    body = {"url": receiver.url, "event_types": ["gateway.team.*"], "headers": {name: "x"}}
    answer = await company.admin.post(PATH, body)
    field = f"headers.{name}" if name else "headers"
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert (await company.admin.get(PATH)).json()["data"] == []


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"X-A": "one\r\nX-B: two"}, "X-A"), ({"X-A": ""}, "X-A"), ({"X-A": " x"}, "X-A"),
        ({"X-A": "ü"}, "X-A"), ({"X-A": "x" * 2001}, "X-A"), ({"X-A": "1", "x-a": "2"}, "x-a"),
        ({f"X-{n}": "x" for n in range(21)}, ""), ({f"X-{n}": "x" * 1000 for n in range(9)}, ""),
    ],
)  # fmt: skip
def test_a_value_that_would_be_another_header_is_none(headers: dict[str, str], field: str) -> None:
    problem = header_rules.problem_of(headers)
    assert problem is not None
    assert problem[0] == field


def test_short_words_stay_and_secrets_go() -> None:
    hide = header_rules.without_secrets
    assert hide("a is a token-1 of north", ["a token-1"]) == "a is [hidden] of north"
    assert hide("wrong token-1!", ["Bearer token-1"]) == "wrong [hidden]!"
    assert (hide(None, ["x"]), hide("ok", [])) == (None, "ok")
