"""One load, and the ways in which its steps write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi_gateway.cli.demo.client import DemoClient, Write
from guanxi_gateway.cli.demo.companies import Record

Tell = Callable[[str, int, int], None]
"""Called with a step's name, how many of its records are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Loading:
    """One load: the admin's client, everybody's password, and whoever wants to know how far it is."""

    client: DemoClient
    seed: int
    password: str
    tell: Tell

    def follow(self, step: str, done: Iterator[int], total: int) -> None:
        self.tell(step, 0, total)
        for number in done:
            self.tell(step, number, total)

    def create(self, step: str, path: str, records: Sequence[Record]) -> None:
        self.follow(step, self.client.create_missing(path, records), len(records))

    def create_many(self, step: str, path: str, records: Sequence[Record], query: str = "") -> None:
        done = self.client.create_in_batches(path, records, query=query)
        self.follow(step, done, len(records))

    def take(self, step: str, resource: str, rows: Sequence[Record], **options: Any) -> None:
        """As a file, by an import."""
        self.follow(step, self.client.import_rows(resource, rows, options), len(rows))

    def write(self, step: str, chains: Sequence[Sequence[Write]]) -> None:
        self.follow(step, self.client.write_chains(chains), len(chains))
