"""Tables that hold nothing of a customer's people, why, and which of their columns could tell something
if they did: a new one has to be looked at before it is added here (a test asks for it)."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.erasing.places import Nobodys

KNOWLEDGE: Final = (
    "the organisation's knowledge, written to be read; docs/privacy.md says to look through it"
)
FILTERS: Final = "filters of the organisation's own; docs/privacy.md says to look through them"
NOBODYS: Final[Mapping[str, Nobodys]] = {
    "agents": Nobodys("the organisation's own people", ("skills", "languages", "shifts")),
    "alembic_version": Nobodys("a number", ("version_num",)),
    "article_categories": Nobodys(KNOWLEDGE, ("name", "description")),
    "article_drafts": Nobodys(KNOWLEDGE, ("title", "summary", "body")),
    "article_inquiries": Nobodys("which articles were suggested to whom of the organisation's own"),
    "article_shown": Nobodys("ids of articles and tickets"),
    "article_terms": Nobodys("the words of articles", ("term", "weight", "length")),
    "article_versions": Nobodys(KNOWLEDGE, ("title", "summary", "body", "note")),
    "article_words": Nobodys("single words of articles", ("word",)),
    "articles": Nobodys(
        KNOWLEDGE,
        (
            "title", "summary", "body", "language", "visibility", "state", "kinds", "external_id",
            "tags",
        ),
    ),
    "articles_search": Nobodys(
        "the words of articles",
        ("tags", "search_text", "search_body", "search_grams", "search_digits", "match_keys"),
    ),
    "business_calendars": Nobodys(
        "hours of the organisation", ("name", "time_zone", "hours", "holidays", "exceptional_days")
    ),
    "custom_fields": Nobodys(
        "definitions; the values are in the tickets", ("resource", "key", "label", "kind", "options")
    ),
    "directory_shares": Nobodys("ids", ("resource", "access")),
    "directory_state": Nobodys("the organisation itself", ("name", "time_zone", "currency", "region")),
    "directory_teams": Nobodys("teams of the organisation", ("name",)),
    "directory_users": Nobodys(
        "the organisation's own people, copied from the gateway, which erases them",
        ("name", "email"),
    ),
    "feed_cursors": Nobodys("positions", ("consumer",)),
    "feed_head": Nobodys("a position", ("feed",)),
    "macros": Nobodys(
        "texts with placeholders, which are filled in on the ticket",
        ("name", "description", "actions", "shared_with"),
    ),
    "merge_follows": Nobodys("ids", ("resource", "field", "before", "after")),
    "pgqueuer": Nobodys("two ids of a job", ("entrypoint", "dedupe_key", "payload", "headers")),
    "pgqueuer_log": Nobodys(
        "ids and states of queue entries, and where a job failed; a week",
        ("entrypoint", "traceback"),
    ),
    "pgqueuer_schedules": Nobodys("names of duties", ("expression", "entrypoint")),
    "pgqueuer_statistics": Nobodys("counts", ("entrypoint",)),
    "queues": Nobodys(
        FILTERS,
        ("name", "description", "filter_groups", "strategy", "skills", "languages", "on_shift_end"),
    ),
    "root_causes": Nobodys("a list of the organisation's own", ("name", "description")),
    "sla_alerts": Nobodys(
        "ids, and sentences that are made of names of states and counts",
        ("what", "clock", "actions", "account_id", "requester_id"),
    ),
    "sla_policies": Nobodys(
        FILTERS,
        (
            "name", "filter_groups", "targets", "pauses", "on_reopen", "escalations",
            "promise_warnings",
        ),
    ),
    "survey_editions": Nobodys(
        "questions, not answers", ("kind", "default_language", "texts", "questions")
    ),
    "surveys": Nobodys(
        FILTERS,
        (
            "name", "kind", "default_language", "texts", "items", "questions", "send_on",
            "filter_groups", "follow_up",
        ),
    ),
    "ticket_letters": Nobodys(
        "ids: whose the address is, and what the link opens, is looked up when a letter goes; with the link, or"
        " the invitation's end, there is nothing to send",
        ("kind", "status", "reason", "link_id"),
    ),
    "ticket_articles": Nobodys("ids of articles and tickets"),
    "ticket_assignments": Nobodys(
        "sentences that are made of skills and counts of the organisation's own people",
        ("means", "reason", "sentence"),
    ),
    "ticket_form_counts": Nobodys("counts", ("day",)),
    "ticket_form_hits": Nobodys("from where a form was sent, without whose ticket it made; a day", ("address",)),
    "ticket_forms": Nobodys(
        "forms of the organisation's own",
        (
            "name", "key", "fields", "honeypot", "kind", "impact", "urgency", "channel", "tags",
            "consent_text", "thanks_text", "redirect_url",
        ),
    ),
    "ticket_merge_moves": Nobodys("where something hung, by ids", ("resource", "field", "before", "after")),
    "ticket_numbers": Nobodys("a number"),
    "ticket_settings": Nobodys(
        "settings", ("states", "priorities", "complaints_need_loop", "without_entitlement")
    ),
    "views": Nobodys(FILTERS, ("name", "resource", "document", "columns", "shared_with")),
    "sync_makers": Nobodys(
        "ids of records, and of the phones of the organisation's own people that made them", ("device_id",)
    ),
}  # fmt: skip
