"""Tables that hold nothing of a customer's people, why, and which of their columns could tell something
if they did: a new one has to be looked at before it is added here (a test asks for it)."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.erasing.places import Nobodys

NOBODYS: Final[Mapping[str, Nobodys]] = {
    "alembic_version": Nobodys("a number", ("version_num",)),
    "approval_rules": Nobodys(
        "rules of the organisation's own",
        ("name", "discount_from", "total_from_amount", "total_from_currency", "approver"),
    ),
    "custom_fields": Nobodys(
        "definitions; the values are in the records",
        ("resource", "key", "label", "kind", "options"),
    ),
    "directory_shares": Nobodys("ids", ("resource", "access")),
    "directory_state": Nobodys("the organisation itself", ("name", "time_zone", "currency", "region")),
    "directory_teams": Nobodys("teams of the organisation", ("name",)),
    "directory_users": Nobodys(
        "the organisation's own people, copied from the gateway, which erases them",
        ("name", "email"),
    ),
    "exchange_rates": Nobodys("rates", ("currency", "base", "valid_on", "rate", "source")),
    "feed_cursors": Nobodys("positions", ("consumer",)),
    "feed_head": Nobodys("a position", ("feed",)),
    "forecast_calls": Nobodys(
        "what the organisation's own people say they will win",
        (
            "period", "starts_on", "commit_amount", "commit_currency", "best_case_amount",
            "best_case_currency", "note", "adjusted_commit_amount", "adjusted_commit_currency",
            "adjusted_best_case_amount", "adjusted_best_case_currency", "adjustment_note",
        ),
    ),
    "forecast_days": Nobodys("days", ("day", "covers_from")),
    "forecast_figures": Nobodys("sums", ("day", "month", "currency", "category", "amount", "weighted")),
    "invoice_numbers": Nobodys("a number"),
    "lead_assignment_rules": Nobodys(
        "filters of the organisation's own; docs/privacy.md says to look through them",
        ("name", "filter_groups", "action"),
    ),
    "lead_assignment_turns": Nobodys("ids of the organisation's own people"),
    "lead_form_counts": Nobodys("counts", ("day",)),
    "lead_form_hits": Nobodys("from where a form was sent, without whose lead it made; a day", ("address",)),
    "lead_forms": Nobodys(
        "forms of the organisation's own",
        (
            "name", "key", "fields", "honeypot", "source", "tags", "consent_text", "consent_channel",
            "consent_purpose", "thanks_text", "redirect_url",
        ),
    ),
    "lead_scorecards": Nobodys(
        "filters of the organisation's own; docs/privacy.md says to look through them",
        ("criteria", "questions"),
    ),
    "lead_settings": Nobodys("settings", ("disqualify_reasons",)),
    "merge_follows": Nobodys(
        "ids, and the roles of people in deals",
        ("resource", "field", "before", "after"),
    ),
    "order_numbers": Nobodys("a number"),
    "order_return_lines": Nobodys("what came back", ("quantity", "amount", "tax", "cost")),
    "pgqueuer": Nobodys("two ids of a job", ("entrypoint", "dedupe_key", "payload", "headers")),
    "pgqueuer_log": Nobodys(
        "ids and states of queue entries, and where a job failed; a week",
        ("entrypoint", "traceback"),
    ),
    "pgqueuer_schedules": Nobodys("names of duties", ("expression", "entrypoint")),
    "pgqueuer_statistics": Nobodys("counts", ("entrypoint",)),
    "pipelines": Nobodys(
        "sales processes of the organisation",
        ("name", "description", "reopened_by", "win_reasons", "loss_reasons", "external_id"),
    ),
    "price_book_entries": Nobodys("prices", ("min_quantity", "unit_price", "discount_limit")),
    "price_books": Nobodys(
        "prices, and ids of those who get them",
        (
            "name", "currency", "description", "grades", "industries", "regions", "valid_from",
            "valid_to", "external_id",
        ),
    ),
    "products": Nobodys(
        "what is sold",
        (
            "sku", "name", "category", "unit", "tax_class", "cost_amount", "cost_currency", "prices",
            "description", "components", "external_id", "tags", "custom", "as_shown",
        ),
    ),
    "products_search": Nobodys(
        "the words of products",
        ("tags", "search_text", "search_grams", "search_digits", "match_keys"),
    ),
    "quotas": Nobodys(
        "what the organisation's own people are to win",
        ("period", "starts_on", "amount_amount", "amount_currency", "note", "external_id"),
    ),
    "quote_numbers": Nobodys("a number"),
    "stages": Nobodys(
        "stages of sales processes",
        (
            "name", "kind", "probability", "forecast_category", "required_fields", "exit_criteria",
            "guidance",
        ),
    ),
    "tax_classes": Nobodys("rates", ("code", "name", "rate", "valid_from")),
    "territories": Nobodys(
        "parts of the market",
        (
            "name", "description", "countries", "regions", "provinces", "cities", "industries", "grades",
            "external_id",
        ),
    ),
    "territory_accounts": Nobodys("ids; of an account that is erased it says that it is in none"),
    "views": Nobodys(
        "filters of the organisation's own; docs/privacy.md says to look through them",
        ("name", "resource", "document", "columns", "shared_with"),
    ),
    "win_models": Nobodys(
        "coefficients and counts",
        ("verdict", "comparison", "model", "parameters", "watermark"),
    ),
    "sync_makers": Nobodys(
        "ids of records, and of the phones of the organisation's own people that made them", ("device_id",)
    ),
}  # fmt: skip
