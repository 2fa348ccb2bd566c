"""The lesson of a round becomes an article of the knowledge base."""

from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.records import State
from guanxi_shared.writes import check_version
from guanxi_tickets.articles.lessons import draft_from_lesson
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.complaints.schemas import LessonArticle
from guanxi_tickets.complaints.service import current_round
from guanxi_tickets.errors import LessonWritten


async def write_lesson(
    call: Call, connection: Connection, ticket_id: UUID, data: LessonArticle, version: int | None
) -> State:
    """An internal draft of the caller's with the lesson as its text; the round says which it is."""
    _, last = await current_round(call, connection, ticket_id)
    await check_version(connection, LOOPS, last, version)
    lesson = last.row["lesson"]
    if lesson is None:
        raise Invalid(
            "The round has no lesson yet.", errors={"lesson": "Say first what was learnt."}
        )
    if last.row["article_id"] is not None:
        raise LessonWritten(
            "The lesson is an article already.", errors={"article_id": str(last.row["article_id"])}
        )
    more = {} if data.category_id is None else {"category_id": data.category_id}
    article = await draft_from_lesson(
        call, connection, title=data.title, body=lesson, language=data.language, ticket_id=ticket_id,
        **more,
    )  # fmt: skip
    changes = {"article_id": article["id"]}
    return await records.update_record(connection, LOOPS, last, changes, actor=call.actor)
