"""Every table of this schema that may hold something of a person: where, how it is erased, how it is
handed out. The one list; a test walks the schema and fails for a table or a column that is in
neither of the two lists below. The steps run in this order, inside one transaction."""

from collections.abc import Mapping
from typing import Final

from guanxi_contacts.privacy import erasing_dealings as dealings
from guanxi_contacts.privacy import erasing_merges as merges
from guanxi_contacts.privacy import erasing_records as records
from guanxi_shared.erasing import traces
from guanxi_shared.erasing.places import ALL, Place

PLACES: Final = (
    Place(
        "suppressions", (), "gains keyed hashes of addresses and numbers, which name nobody",
        records.suppress, plain=("key_hash",),
    ),
    Place(
        "files", ALL, "those of nobody else become tombstones; the bytes are deleted",
        records.erase_files,
        "SELECT to_jsonb(f) - 'blob_id' - 'storage' AS row FROM files f JOIN file_links l"
        " ON l.organisation_id = f.organisation_id AND l.file_id = f.id"
        " WHERE f.organisation_id = $1 AND l.subject_id = $2 AND l.subject_type = $3"
        " AND f.erased_at IS NULL ORDER BY f.id",
    ),
    Place(
        "uploads", ("name", "declared_type", "sha256", "links"), "the rows and what is here of the bytes are deleted",
        records.erase_uploads,
    ),
    Place("file_links", (), "with their files", plain=("subject_type",)),
    Place(
        "consents", ("source", "proof"), "the rows are deleted", records.erase_consents,
        "SELECT to_jsonb(c) AS row FROM consents c WHERE c.organisation_id = $1 AND c.contact_id = $2"
        " AND $3 = 'contact' ORDER BY c.id",
        plain=("channel", "purpose", "status"),
    ),
    Place(
        "activities", dealings.TOLD,
        "what was said with this person alone, or names them, is blanked, also in its log; of"
        " others they leave the participants",
        dealings.erase_activities,
        "SELECT to_jsonb(a) - 'as_shown' AS row FROM activities a"
        f" WHERE a.organisation_id = $1 AND CASE WHEN $3 = 'contact' THEN {dealings.PEOPLE}"
        " ELSE a.account_ids END @> ARRAY[$2::uuid] ORDER BY a.id",
        plain=("kind", "status", "priority", "time_zone", "recurrence", "visit"),
    ),
    Place("activities_search", ALL, "the words of blanked activities go with them"),
    Place(
        "visit_checks", ("latitude", "longitude", "accuracy_m", "distance_m", "device_id", "note"),
        "of blanked activities: where somebody stood, and what they noted", None,
        "SELECT to_jsonb(v) AS row FROM visit_checks v JOIN activities a"
        " ON a.organisation_id = v.organisation_id AND a.id = v.activity_id WHERE v.organisation_id = $1"
        f" AND CASE WHEN $3 = 'contact' THEN {dealings.PEOPLE} ELSE a.account_ids END @> ARRAY[$2::uuid]"
        " ORDER BY v.activity_id, v.step",
        plain=("step", "measured_from", "tolerance_m"),
    ),
    Place(
        "merges", ("fields", "before", "after", "kept"), "states before and after are emptied",
        merges.erase_merges,
        "SELECT to_jsonb(m) AS row FROM merges m WHERE m.organisation_id = $1"
        " AND (m.survivor_id = $2 OR m.source_ids @> ARRAY[$2::uuid]) AND $3 <> '' ORDER BY m.id",
        plain=("resource", "status", "moved"),
    ),
    Place("merge_moves", ("before", "after"), "with their merge", None, plain=("child",)),
    Place(
        "standing_changes", ("reason", "from_value", "to_value"), "of a person's account, the rows are deleted",
        records.erase_standing,
        "SELECT to_jsonb(s) AS row FROM standing_changes s WHERE s.organisation_id = $1 AND s.account_id = $2"
        " AND $3 = 'account' ORDER BY s.version",
        plain=("dimension", "source", "effective_on", "actor_kind"),
    ),
    Place("account_dealings", ("contract_ends_on",), "with the standing", None),
    Place(
        "timeline_entries", ("title", "summary", "data"),
        "the rows are deleted; of the same events those that name the person too", records.erase_timeline,
        "SELECT to_jsonb(t) AS row FROM timeline_entries t WHERE t.organisation_id = $1 AND t.subject_id = $2"
        " AND t.subject_type = $3 ORDER BY t.at, t.id",
        plain=("subject_type", "type", "source_type"),
    ),
    Place(
        "segment_members", (), "the rows are deleted", records.erase_memberships,
        "SELECT to_jsonb(m) AS row FROM segment_members m WHERE m.organisation_id = $1 AND m.member_id = $2"
        " AND $3 <> '' ORDER BY m.segment_id",
    ),
    Place(
        "segment_accounts", (), "the rows are deleted", records.erase_told_segments,
        "SELECT to_jsonb(k) AS row FROM segment_accounts k WHERE k.organisation_id = $1 AND k.account_id = $2"
        " AND $3 = 'account' ORDER BY k.segment_id",
    ),
    Place(
        "campaign_members", ("answers",), "the rows are deleted", records.erase_campaigns,
        "SELECT to_jsonb(m) AS row FROM campaign_members m WHERE m.organisation_id = $1 AND m.member_id = $2"
        " AND $3 <> '' ORDER BY m.campaign_id",
        plain=("member_type", "member_group", "status"),
    ),
    Place(
        "contact_accounts", ("role", "stance"), "the rows are deleted",
        records.erase_places_in_accounts,
        "SELECT to_jsonb(l) AS row FROM contact_accounts l WHERE l.organisation_id = $1"
        " AND CASE WHEN $3 = 'contact' THEN l.contact_id ELSE l.account_id END = $2 ORDER BY l.account_id",
    ),
    Place("legal_holds", ("reason",), "the rows are deleted", records.erase_holds, plain=("subject_type",)),
    Place("contacts", ALL, "the row becomes a tombstone", records.erase_person),
    Place("contacts_search", ALL, "the words go with the row"),
    Place("accounts", ALL, "the row of a person becomes a tombstone", None, plain=("kind",)),
    Place("accounts_search", ALL, "the words go with the row"),
    Place(
        "events", ("before", "after"), "payloads of every event become the tombstone", None,
        "SELECT to_jsonb(e) - 'organisation_id' - 'seq' - 'position' AS row FROM events e"
        " WHERE e.organisation_id = $1 AND e.subject_id = $2 AND e.subject_type = $3 ORDER BY e.version, e.id",
        plain=("type", "subject_type", "actor_kind", "channel", "changed", "request_id", "trace_id"),
    ),
    Place(
        "imports", ("file_name", "sha256", "source", "suggestion", "preview", "options"),
        "those whose file names the person lose what they show of it; the file is deleted",
        traces.erase_imports, plain=("resource",),
    ),
    Place(
        "import_rows", ("cells", "reasons", "reference"), "rows that name the person are deleted", None,
        "SELECT to_jsonb(r) AS row FROM import_rows r WHERE r.organisation_id = $1 AND r.record_id = $2"
        " AND $3 <> '' ORDER BY r.job_id, r.number",
        plain=("status",),
    ),
    Place(
        "jobs", ("params", "checkpoint", "result", "message"),
        "payloads that name the person are emptied; such a job does not run any more",
        traces.erase_jobs, plain=("kind", "status"),
    ),
    Place(
        "idempotency", ("body", "key"),
        "stored answers that name the person become a 410; the fingerprint goes within 24 hours",
        traces.erase_answers, plain=("headers", "fingerprint"),
    ),
    Place(
        "erasures", (), "gains the tombstone: whose id, when, by whom, why",
        plain=("subject_type", "reason", "request_reference", "counts"),
    ),
)  # fmt: skip

# Tables that hold nothing of a customer's people, and why.
NOBODYS: Final[Mapping[str, str]] = {
    "alembic_version": "a number",
    "calendar_feeds": "ids, and what somebody of the organisation's own called a calendar",
    "campaigns": "the organisation's own plans and costs; docs/privacy.md says to look through them",
    "campaigns_search": "words of the same",
    "custom_fields": "definitions; the values are in the records",
    "directory_shares": "ids",
    "directory_state": "the organisation itself",
    "directory_teams": "teams of the organisation",
    "directory_users": "the organisation's own people, copied from the gateway, which erases them",
    "feed_cursors": "positions",
    "feed_head": "a position",
    "pool_claim_counts": "counts of the organisation's own people",
    "pool_sweeps": "times",
    "pools": "rules of the organisation's own; docs/privacy.md says to look through them",
    "sync_makers": "ids of records, and of the phones of the organisation's own people that made them",
    "segments": "filters of the organisation's own; docs/privacy.md says to look through them",
    "views": "filters of the organisation's own; docs/privacy.md says to look through them",
    "timeline_sources": "ids of other services' records, and whose they are",
    "pgqueuer": "two ids of a job",
    "pgqueuer_log": "ids and states of queue entries; a week",
    "pgqueuer_schedules": "names of duties",
    "pgqueuer_statistics": "counts",
}
