"""Uploads of files that are of accounts, people and activities."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from guanxi_contacts.files import service as files
from guanxi_shared.calls import Call
from guanxi_shared.files.keeping import id_sent
from guanxi_shared.files.tus_rules import BadHeader
from guanxi_shared.reads import Row
from guanxi_shared.tus.kinds import Links, Uploads

NOUNS: Final = ("account", "contact", "activity")
MOST_LINKS: Final = 50


def links_in(call: Call, told: Mapping[str, str]) -> Links:
    """`account_id`, `contact_id`, `activity_id`: several with commas."""
    links = [
        {"type": noun, "id": str(id_sent(f"{noun}_id", text.strip()))}
        for noun in NOUNS
        for text in told.get(f"{noun}_id", "").split(",")
        if text.strip()
    ]
    if len(links) > MOST_LINKS:
        raise BadHeader("Upload-Metadata", f"Name at most {MOST_LINKS} records.")
    return files.as_stored(links)


async def find(call: Call, file_id: UUID, links: Links) -> Row:
    return await files.find_file(call, file_id)


UPLOADS: Final = Uploads(
    path="/v1/files/uploads",
    permission="files:create",
    tag="files",
    links_in=links_in,
    check=files.check_links,
    insert=files.insert_file,
    find=find,
    keys=frozenset({"pk_files"}),
)
