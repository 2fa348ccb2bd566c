"""What of tickets can be imported, and the job that does it."""

from typing import Final

from guanxi_shared.imports.importable import Importing
from guanxi_shared.imports.taking import take_file
from guanxi_shared.running_jobs import RunningJob
from guanxi_tickets.imports.agent_rows import AGENT_IMPORT
from guanxi_tickets.imports.answer_rows import ANSWER_IMPORT
from guanxi_tickets.imports.article_rows import ARTICLE_IMPORT
from guanxi_tickets.imports.comment_rows import COMMENT_IMPORT
from guanxi_tickets.imports.entitlement_rows import ENTITLEMENT_IMPORT
from guanxi_tickets.imports.queue_rows import QUEUE_IMPORT
from guanxi_tickets.imports.ticket_rows import TICKET_IMPORT
from guanxi_tickets.settings import settings

IMPORTED: Final[Importing] = {
    each.resource.name: each
    for each in (
        TICKET_IMPORT,
        AGENT_IMPORT,
        ARTICLE_IMPORT,
        ENTITLEMENT_IMPORT,
        QUEUE_IMPORT,
        ANSWER_IMPORT,
        COMMENT_IMPORT,
    )
}


async def take_import(job: RunningJob) -> None:
    await take_file(job, IMPORTED, settings())
