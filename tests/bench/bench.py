"""What the parts of a run share: the suite, who asks, the bare route, and where findings go."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from tests.bench.load import Load, press, probe
from tests.bench.loading import ids_of
from tests.bench.organisation import Organisation
from tests.bench.processes import Hello, Suite
from tests.bench.report import Report, Row
from tests.bench.sizes import Size
from tests.bench.traffic import Traffic, request

WARM_UP_SECONDS = 0.3


@dataclass
class Bench:
    size: Size
    suite: Suite
    hello: Hello
    organisation: Organisation
    report: Report
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)

    @cached_property
    def ids(self) -> list[UUID]:
        """Of the records that the salesperson owns: all they can see."""
        return [record_id for record_id, _ in self.versions()]

    def versions(self) -> list[tuple[UUID, int]]:
        return asyncio.run(ids_of(self.suite.admin_url, self.organisation.seller.id))

    @property
    def seconds_left(self) -> float:
        return self.began + self.size.limit_seconds - time.monotonic()

    def attempt(self, what: str, work: Callable[[], Iterable[Row]]) -> None:
        """Add what `work` finds; what goes wrong becomes a sentence, and the others go on."""
        if self.seconds_left < 0:
            self.report.sentences.append(f"{what}: the time was up.")
            return
        try:
            for row in work():
                self.add(row)
        except Exception as error:  # told in the report; one broken part must not hide the others
            sentence = f"{what}: {type(error).__name__}: {error}"
            self.report.sentences.append(sentence)
            self.say(sentence)

    def add(self, row: Row) -> None:
        self.report.rows.append(row)
        self.say("  ".join(cell for cell in row.cells() if cell))

    def press_hello(self) -> Load:
        traffic = Traffic(self.hello.url, (request(self.hello.url, "GET", "/"),))
        return press(traffic, seconds=self.size.hello_seconds)

    def press(self, traffic: Traffic, *, connections: int | None = None) -> Load:
        if connections is None:
            return press(traffic, seconds=self.size.seconds)
        return press(traffic, seconds=self.size.seconds, connections=connections)


def warm_up(traffic: Traffic) -> None:
    """Refused if the first answer is wrong; afterwards pools are full and statements prepared."""
    probe(traffic)
    press(traffic, seconds=WARM_UP_SECONDS)
