"""An organisation's webhook while it storms: each event is heard, under one id, signed, in order per record."""

from collections import defaultdict
from dataclasses import dataclass

import httpx
from standardwebhooks.webhooks import WebhookVerificationError

from tests.gateway.webhooks.receiver import Got, Receiver
from tests.gateway.webhooks.subscribing import make_due

HEARS = "contacts.contact.*"


@dataclass
class Hearing:
    receiver: Receiver
    webhook_id: str
    secret: str

    async def wrong_when_tried(self, told: dict[str, tuple[str, int]], admin_url: str) -> list[str]:
        """What is wrong by now; what waits is tried again meanwhile. The next try may be minutes or hours away by the
        schedule, which is another test's matter; what was forgotten is never tried."""
        if found := self.wrong(told):
            await make_due(admin_url, self.webhook_id)
        return found

    def wrong(self, told: dict[str, tuple[str, int]]) -> list[str]:
        """`told`: record and version of each event of the feed, by the event's id."""
        heard = dict.fromkeys(self.receiver.ids)
        missing = [f"the webhook never heard of {told[id]}" for id in told.keys() - heard.keys()]
        unknown = [
            f"the webhook heard {id}, which nobody told" for id in heard.keys() - told.keys()
        ]
        return missing + unknown + self._out_of_order(list(heard), told)

    def _out_of_order(self, heard: list[str], told: dict[str, tuple[str, int]]) -> list[str]:
        versions: dict[str, list[int]] = defaultdict(list)
        for id in heard:
            if id in told:
                record, version = told[id]
                versions[record].append(version)
        return [
            f"the webhook heard versions {found} of {record}"
            for record, found in versions.items()
            if found != sorted(found)
        ]

    def unsigned(self) -> list[str]:
        return [
            f"delivery {got.id} is not signed as its id says"
            for got in self.receiver.got
            if not _is_signed(self.secret, got)
        ]


def _is_signed(secret: str, got: Got) -> bool:
    try:
        got.verified(secret)
    except WebhookVerificationError:
        return False
    return True


async def register(http: httpx.AsyncClient, receiver: Receiver) -> Hearing:
    sent = {"url": receiver.url, "event_types": [HEARS]}
    made = await http.post("/v1/webhooks", json=sent)
    made.raise_for_status()
    return Hearing(receiver, made.json()["id"], made.json()["secret"])
