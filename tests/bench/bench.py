"""What the parts of a run share: the suite, who asks, the bare route, and where findings go."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import UUID

from tests.bench.cpu import Cost, seconds_of
from tests.bench.load import Load, press, probe
from tests.bench.loading import ids_of
from tests.bench.organisation import Organisation, signed_in_again
from tests.bench.processes import Hello, Suite
from tests.bench.report import Report, Row
from tests.bench.sizes import Size
from tests.bench.stock import COMPANIES
from tests.bench.traffic import Traffic, request

WARM_UP_SECONDS = 0.3
SIGNED_IN_SECONDS = 420.0  # a token is good for 900; no part takes as long as what is left
HELLO = "hello"


@dataclass
class Bench:
    size: Size
    suite: Suite
    hello: Hello
    organisation: Organisation
    report: Report
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    signed_in: float = field(default_factory=time.monotonic)
    hello_cost: Cost = field(default_factory=Cost)

    @cached_property
    def ids(self) -> list[UUID]:
        """Of the records that the salesperson owns: all they can see."""
        return [record_id for record_id, _ in self.versions()]

    def versions(self) -> list[tuple[UUID, int]]:
        return asyncio.run(ids_of(self.suite.admin_url, self.organisation.seller.id))

    @cached_property
    def account_ids(self) -> list[UUID]:
        """Of accounts that the salesperson owned when they were first asked for."""
        seller = self.organisation.seller.id
        found = asyncio.run(ids_of(self.suite.admin_url, seller, kind=COMPANIES))
        return [record_id for record_id, _ in found]

    @property
    def seconds_left(self) -> float:
        return self.began + self.size.limit_seconds - time.monotonic()

    def attempt(
        self, what: str, work: Callable[[], Iterable[Row]], *, leaving: float = 0.0
    ) -> None:
        """Add what `work` finds; what goes wrong becomes a sentence, and the others go on.

        Not begun when it would not leave so many seconds to what follows.
        """
        if self.seconds_left < leaving:
            self.report.sentences.append(f"{what}: there was no time left for it.")
            return
        try:
            self._sign_in_again()
            for row in work():
                self.add(row)
        except Exception as error:  # told in the report; one broken part must not hide the others
            sentence = f"{what}: {type(error).__name__}: {error}"
            self.report.sentences.append(sentence)
            self.say(sentence)

    def _sign_in_again(self) -> None:
        if time.monotonic() - self.signed_in > SIGNED_IN_SECONDS:
            self.organisation = signed_in_again(self.suite.url, self.organisation)
            self.signed_in = time.monotonic()

    def add(self, row: Row) -> None:
        self.report.rows.append(row)
        self.say("  ".join(cell for cell in row.cells() if cell))

    def press_hello(self) -> Load:
        traffic = Traffic(self.hello.url, (request(self.hello.url, "GET", "/"),))
        before = {HELLO: seconds_of(self.hello.pid)}
        load = press(traffic, seconds=self.size.hello_seconds)
        self.hello_cost.add(before, {HELLO: seconds_of(self.hello.pid)}, load.requests)
        return load

    def tell_hello(self) -> None:
        """What the limit itself came to: the shares of another run are compared by it."""
        used = self.hello_cost.seconds.get(HELLO, 0.0) / max(self.hello_cost.requests, 1)
        self.report.about["hello"] = f"{used * 1e6:.0f} µs of processor time for a request"

    def press(self, traffic: Traffic, *, connections: int | None = None) -> Load:
        if connections is None:
            return press(traffic, seconds=self.size.seconds)
        return press(traffic, seconds=self.size.seconds, connections=connections)


def warm_up(traffic: Traffic) -> None:
    """Refused if the first answer is wrong; afterwards pools are full and statements prepared. The first
    request comes last then: what can be asked once (a claim) was asked."""
    probe(traffic)
    requests, versions = ((*row[1:], *row[:1]) for row in (traffic.requests, traffic.versions))
    press(replace(traffic, requests=requests, versions=versions), seconds=WARM_UP_SECONDS)
