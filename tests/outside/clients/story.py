"""A story told with the generated client: `python story.py URL EMAIL PASSWORD`. Checked by mypy --strict."""

import json
import sys
from typing import TypeVar

from guanxi_client import AuthenticatedClient, Client
from guanxi_client.api.accounts import create_account, get_account, list_accounts, update_account
from guanxi_client.api.auth import sign_in
from guanxi_client.api.contacts import create_contact
from guanxi_client.api.opportunities import create_opportunity
from guanxi_client.api.tickets import create_ticket
from guanxi_client.models import (
    AccountCreate,
    AccountLink,
    AccountUpdate,
    ContactCreate,
    Money,
    OpportunityCreate,
    PhoneValue,
    ProblemDetails,
    SignIn,
    TicketCreate,
)

Answer = TypeVar("Answer")


def found(answer: Answer | ProblemDetails | None) -> Answer:
    """What was asked for; a refusal ends the story with its own words."""
    if answer is None or isinstance(answer, ProblemDetails):
        raise SystemExit(f"refused: {answer}")
    return answer


def main(url: str, email: str, password: str) -> None:
    tokens = found(sign_in.sync(client=Client(url), body=SignIn(email=email, password=password)))
    client = AuthenticatedClient(url, token=tokens.access_token)
    new = AccountCreate(
        name="上海晨光文具有限公司", industry="retail", revenue=Money("1200000.00", "CNY"), grade="A",
        phones=[PhoneValue(number="+86 21 5888 0000")],
    )  # fmt: skip
    account = found(create_account.sync(client=client, body=new))
    person = ContactCreate(name="张三", accounts=[AccountLink(account_id=account.id)])
    contact = found(create_contact.sync(client=client, body=person))
    deal = OpportunityCreate(
        name="软件许可", account_id=account.id, amount=Money("128000.00", "CNY")
    )
    opportunity = found(create_opportunity.sync(client=client, body=deal))
    asked = TicketCreate(
        subject="发票抬头有误", account_id=account.id, requester_id=contact.id, kind="complaint"
    )
    ticket = found(create_ticket.sync(client=client, body=asked))

    for number in range(4):
        found(create_account.sync(client=client, body=AccountCreate(name=f"Firma {number}")))
    names: list[str] = []
    page = found(list_accounts.sync(client=client, limit=2, sort=["name"]))
    while True:
        names += [row.name for row in page.data if isinstance(row.name, str)]
        if page.page.next_cursor is None:
            break
        page = found(
            list_accounts.sync(client=client, limit=2, sort=["name"], cursor=page.page.next_cursor)
        )

    read = f'"{account.version}"'
    changed = found(
        update_account.sync(account.id, client=client, body=AccountUpdate(grade="B"), if_match=read)
    )
    stale = update_account.sync_detailed(
        account.id, client=client, body=AccountUpdate(grade="C"), if_match=read
    )
    now = found(get_account.sync(account.id, client=client))
    refused = create_account.sync(client=client, body=AccountCreate(name=""))
    if not isinstance(refused, ProblemDetails) or not isinstance(stale.parsed, ProblemDetails):
        raise SystemExit("not refused")
    told = {
        "account": account.name, "contact_of": [str(link.account_id) for link in contact.accounts],
        "account_id": str(account.id), "amount": opportunity.amount and opportunity.amount.amount,
        "ticket": ticket.kind, "names": names, "changed": [changed.grade, changed.name, changed.industry],
        "now": [now.grade, now.version], "stale": [stale.status_code, stale.parsed.code],
        "refused": [refused.status, sorted(refused.errors.to_dict())],
    }  # fmt: skip
    print(json.dumps(told))


main(*sys.argv[1:])
