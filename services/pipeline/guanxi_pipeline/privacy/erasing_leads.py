"""How a person is erased from leads and from what conversions keep."""

from typing import Final

from guanxi_pipeline.conversions import kept
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.privacy.erasing import Erasing
from guanxi_shared.erasing.records import erase_rows
from guanxi_shared.identifiers import new_id

# What became of it and when is the organisation's own business, and what its figures are made of.
KEPT: Final = (
    "status", "campaign_id", "form_id", "assigned_at", "first_response_due_at", "first_responded_at",
    "first_responded_by", "disqualified_at", "recycled_count", "recycled_at", "opportunity_id",
    "converted_at",
)  # fmt: skip
# Each lead has a tombstone of its own that says when and why, for those who ask for it.
ALSO: Final = """
INSERT INTO erasures (organisation_id, id, subject_type, subject_id, reason, erased_by, erased_at)
SELECT $1, n.id, 'lead', n.lead_id, $4, $5, now() FROM unnest($2::uuid[], $3::uuid[]) AS n (id, lead_id)
"""
# Under way, it is taken back: that something was to be made stays, so that it is known what to delete.
CONVERSIONS: Final = """
UPDATE lead_conversions AS c SET asked = '{}', {parts},
  problem = CASE WHEN c.status = 'pending' THEN $3::text::jsonb WHEN c.problem IS NOT NULL
                 THEN c.problem || $4::text::jsonb END,
  status = CASE WHEN c.status = 'pending' THEN 'undoing' ELSE c.status END
WHERE c.organisation_id = $1 AND c.lead_id = ANY($2::uuid[])
""".replace(
    "{parts}",
    ", ".join(
        f"new_{part} = CASE WHEN c.new_{part} IS NOT NULL THEN '{empty}'::jsonb END"
        for part, empty in (
            ("account", "{}"), ("contact", "{}"), ("opportunity", "{}"), ("consents", "[]"),
        )
    ),
)  # fmt: skip
SILENCED: Final = {"detail": "Erased since.", "errors": {}}
MEANWHILE: Final = {
    "part": "lead", "status": 410, "code": "erased", "detail": "The lead was erased meanwhile.",
    "errors": {},
}  # fmt: skip


async def erase_leads(erasing: Erasing) -> dict[str, int]:
    ids = list(erasing.person_ids)
    if not ids:
        return {}
    if erasing.noun != LEADS.noun:
        await erasing.connection.execute(
            ALSO, erasing.organisation, [new_id() for _ in ids], ids, erasing.reason, erasing.actor.id
        )  # fmt: skip
    rows, events = await erase_rows(erasing, LEADS, ids, computed={}, also_kept=KEPT)
    return {"leads": rows, "events": events}


async def erase_conversions(erasing: Erasing) -> dict[str, int]:
    done = await erasing.connection.execute(
        CONVERSIONS, erasing.organisation, list(erasing.person_ids), kept.dumped(MEANWHILE),
        kept.dumped(SILENCED),
    )  # fmt: skip
    return {"lead_conversions": int(done.rpartition(" ")[2])}
