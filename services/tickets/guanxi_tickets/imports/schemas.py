"""Which records of tickets can be imported."""

from typing import Literal

from guanxi_shared.imports.schemas import NewImport


class ImportUpload(NewImport):
    """The parts of the multipart upload."""

    resource: Literal[
        "agents",
        "articles",
        "entitlements",
        "queues",
        "survey-answers",
        "ticket-comments",
        "tickets",
    ]
