"""Something behind every kind of public address. Writes by one link are limited, so each has a link of its own."""

from typing import Any

import httpx

FIELDS = [{"name": "name", "label": "Name"}, {"name": "email", "label": "Email"}]
ANN = {"name": "Ann", "email": "ann@fuzz.example"}
PORTAL = "^/v1/public/portal/"
# Ends of addresses, each of them written to by a link of its own; the rest are read by one more.
WRITTEN = ("/comments$", "/files$", "/close$", "/reopen$", "/feedback$")
READ = "(?!.*(comments|files|close|reopen|feedback)$)"


def opened_links(client: httpx.Client) -> dict[str, dict[str, str]]:
    """What addresses of a pattern hold."""

    def made(path: str, **sent: Any) -> dict[str, Any]:
        answer = client.post(path, json=sent)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    form = made(
        "/v1/tickets/forms", name="Fuzz", fields=FIELDS, takes_files=True, hourly_limit=100_000
    )
    lead_form = made("/v1/leads/forms", name="Fuzz", fields=FIELDS, hourly_limit=100_000)
    article = made("/v1/articles", title="Fuzz", body="Fuzz", language="en", visibility="public")
    made(f"/v1/articles/{article['id']}/publish")

    def portal() -> dict[str, str]:
        token = _end(made(f"/v1/public/ticket-forms/{form['key']}", **ANN)["follow"]["path"])
        [ticket] = client.get(f"/v1/public/portal/{token}/tickets").json()["data"]
        return {"token": token, "ticket_id": ticket["id"], "article_id": article["id"]}

    survey = made("/v1/surveys", name="Fuzz", kind="csat", send_on="hand", default_language="en")

    def invitation() -> dict[str, str]:
        ann = made("/v1/contacts", name="Ann")
        sent = made(f"/v1/surveys/{survey['id']}/invitations", contact_id=ann["id"])
        return {
            "token": _end(client.get(f"/v1/survey-invitations/{sent['id']}/link").json()["path"])
        }

    account = made("/v1/accounts", name="Fuzz")

    def offer() -> dict[str, str]:
        price = {"amount": "5.00", "currency": "CNY"}
        quote = made(
            "/v1/quotes", account_id=account["id"], name="Fuzz", currency="CNY",
            lines=[{"name": "Work", "unit_price": price}],
        )  # fmt: skip
        return {"token": _end(made(f"/v1/quotes/{quote['id']}/send")["link"]["path"])}

    return {
        "^/v1/public/ticket-forms/": {"key": form["key"]},
        "^/v1/public/forms/": {"key": lead_form["key"]},
        **{PORTAL + ".*" + end: portal() for end in WRITTEN},
        PORTAL + READ: portal(),
        "^/v1/public/surveys/.*submit$": invitation(),
        "^/v1/public/surveys/(?!.*submit$)": invitation(),
        "^/v1/public/quotes/.*accept$": offer(),
        "^/v1/public/quotes/.*reject$": offer(),
        "^/v1/public/quotes/(?!.*(accept|reject)$)": offer(),
    }


def _end(path: str) -> str:
    return path.rpartition("/")[2]
