"""Where people are in the tables that every service with imports and erasures has."""

from typing import Final

from guanxi_shared.erasing import traces
from guanxi_shared.erasing.places import Place

OF_THE_HOUSE: Final = (
    Place(
        "imports", ("file_name", "sha256", "source", "suggestion", "preview", "options"),
        "those whose preview names them lose what they show of it", traces.erase_imports,
        plain=("resource",),
    ),
    Place(
        "import_rows", ("cells", "reasons", "reference"), "rows that name them are deleted", None,
        plain=("status",),
    ),
    Place(
        "jobs", ("params", "checkpoint", "result", "message"),
        "payloads that name them are emptied; such a job does not run any more", traces.erase_jobs,
        plain=("kind", "status"),
    ),
    Place(
        "idempotency", ("body", "key"),
        "stored answers that name them become a 410; the fingerprint goes within 24 hours",
        traces.erase_answers, plain=("headers", "fingerprint"),
    ),
    Place(
        "erasures", (), "gains the tombstone: whose id, when, by whom, why",
        plain=("subject_type", "reason", "request_reference", "counts"),
    ),
)  # fmt: skip
