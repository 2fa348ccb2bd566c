"""How a person is erased from where no key leads to them: imports, job payloads, stored answers.

What names their id, an address, a number or their whole name goes as a whole: a refused row, the
preview of a file, a stored answer. What goes too much by that was only kept for a while anyway.
"""

from typing import Final

from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.records import Erasing
from guanxi_shared.errors import Gone

NAMED = "EXISTS (SELECT FROM unnest($2::text[]) AS n WHERE strpos(lower({text}), lower(n)) > 0)"
JOB_TEXT = "concat_ws(' ', j.params::text, j.checkpoint::text, j.result::text, j.message)"

# Imports whose file names the person, and those whose job wrote the person.
IMPORTS: Final = f"""
UPDATE imports AS i SET preview = '[]', file_name = '', sha256 = '', options = NULL,
  suggestion = '{{}}', source = jsonb_set(i.source, '{{columns}}', '[]')
WHERE i.organisation_id = $1 AND (i.id = ANY($3::uuid[])
  OR {NAMED.format(text="concat_ws(' ', i.file_name, i.preview::text, i.options::text, i.source::text)")})
RETURNING i.id, i.job_id
"""
ROWS: Final = f"""
DELETE FROM import_rows AS r WHERE r.organisation_id = $1 AND (r.record_id = ANY($4::uuid[]) OR r.job_id IN (
    SELECT j.id FROM jobs j WHERE j.organisation_id = $1 AND j.kind = 'import'
      AND (j.params ->> 'import_id')::uuid = ANY($3::uuid[]))
  OR {NAMED.format(text="concat_ws(' ', r.cells::text, r.reasons::text, r.reference::text)")})
"""
# A job that is still to run with such a payload does not run; one that writes a file begins anew.
JOBS: Final = f"""
UPDATE jobs AS j SET params = '{{}}', checkpoint = NULL, result = j.result - 'rows', message = NULL,
  lease = NULL, finished_at = coalesce(j.finished_at, clock_timestamp()),
  status = CASE WHEN j.status IN ('queued', 'running') THEN 'cancelled' ELSE j.status END
WHERE j.organisation_id = $1 AND (
    (j.kind = 'import' AND (j.params ->> 'import_id')::uuid = ANY($3::uuid[]))
    OR (j.params ->> 'person_id')::uuid = ANY($4::uuid[]) OR {NAMED.format(text=JOB_TEXT)})
"""
EXPORTS_ANEW: Final = """
UPDATE jobs SET status = 'queued', lease = NULL
WHERE organisation_id = $1 AND kind = 'export' AND status = 'running'
  AND params -> 'request' ->> 'resource' = ANY($2::text[])
"""
# The claim stays, so that a repeated request is not done again; its answer says what happened.
ANSWERS: Final = """
UPDATE idempotency SET status = $3, headers = $4::text::jsonb, body = $5
WHERE organisation_id = $1
  AND EXISTS (SELECT FROM unnest($2::bytea[]) AS n WHERE position(n IN body) > 0)
"""
KEYS: Final = f"DELETE FROM idempotency WHERE organisation_id = $1 AND {NAMED.format(text='key')}"


async def erase_imports(erasing: Erasing) -> dict[str, int]:
    texts = [in_json(needle) for needle in erasing.needles]
    known = list(erasing.imports)
    found = await erasing.connection.fetch(IMPORTS, erasing.organisation, texts, known)
    ids = [row["id"] for row in found]
    erasing.imports = ids
    rows = await erasing.connection.execute(
        ROWS, erasing.organisation, texts, ids, list(erasing.person_ids)
    )
    return {"imports": len(ids), "import_rows": _count(rows)}


async def erase_jobs(erasing: Erasing) -> dict[str, int]:
    texts = [in_json(needle) for needle in erasing.needles]
    done = await erasing.connection.execute(
        JOBS, erasing.organisation, texts, list(erasing.imports), list(erasing.person_ids)
    )
    await erasing.connection.execute(EXPORTS_ANEW, erasing.organisation, list(erasing.exported))
    return {"jobs": _count(done)}


async def erase_answers(erasing: Erasing) -> dict[str, int]:
    """Stored answers of the last 24 hours that name anything that was erased."""
    needles = [str(each).encode() for each in erasing.ids]
    needles += [in_json(needle).encode() for needle in erasing.needles]
    problem = Gone("What this request made was erased since.", code="erased")
    done = await erasing.connection.execute(
        ANSWERS, erasing.organisation, needles, problem.status,
        '{"content-type": "application/problem+json"}', problem.body(),
    )  # fmt: skip
    await erasing.connection.execute(KEYS, erasing.organisation, list(erasing.needles))
    return {"idempotency": _count(done)}


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])
