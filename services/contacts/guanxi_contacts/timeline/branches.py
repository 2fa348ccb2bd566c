"""The sources of a timeline as SQL: each gives its newest entries about one record, no more than fit
on a page, by an index that is in order or that touches the rows of this record alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from guanxi_contacts.timeline.rules import Asked
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

LONGEST_SUMMARY: Final = 280
# When an activity took place, is to take place, or is due; a note without any of it, when it was written.
ACTIVITY_AT: Final = "coalesce(a.done_at, a.starts_at, a.due_at, a.created_at)"
# Told by the standing, so not once more by the changes.
STANDING: Final = "'{grade,lifecycle_stage,relationship_level,needs_tier}'::text[]"


@dataclass(slots=True)
class Asking:
    """One timeline being put together: the values of the statement, and who sees what. `scopes` has
    an entry for every resource that the caller may read."""

    resource: Resource
    asked: Asked
    scopes: Mapping[str, Scope]
    values: list[Any] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def bind(self, value: Any, kind: str, *, name: str | None = None) -> str:
        """A parameter of the statement, of which $1 is the binding; a named one stands there once."""
        if name is not None and name in self._known:
            return self._known[name]
        self.values.append(value)
        spelt = f"${len(self.values) + 1}::{kind}"
        if name is not None:
            self._known[name] = spelt
        return spelt

    def within(self, at: str, entry_id: str) -> str:
        """The part of the timeline that the page may come from."""
        asked, found = self.asked, ""
        if asked.after is not None:
            moment = self.bind(asked.after[0], "timestamptz", name="after_at")
            last = self.bind(asked.after[1], "uuid", name="after_id")
            found += f" AND ({at}, {entry_id}) < ({moment}, {last})"
        if asked.since is not None:
            found += f" AND {at} >= {self.bind(asked.since, 'timestamptz', name='since')}"
        if asked.until is not None:
            found += f" AND {at} < {self.bind(asked.until, 'timestamptz', name='until')}"
        return found

    @property
    def newest(self) -> str:
        """One more than fits, so that it is known whether there is a next page."""
        limit = self.bind(self.asked.limit + 1, "bigint", name="limit")
        return f"ORDER BY entry_at DESC, entry_id DESC LIMIT {limit}"

    def covered(self, alias: str, scope: Scope, *, key: str = "id") -> str:
        """`visibility.predicate` for a row by its alias in this statement."""
        if scope.everything:
            return "true"
        parts = [f"{alias}.owner_id = ANY({self.bind(list(scope.owners), 'uuid[]')})"]
        if scope.teams:
            parts.append(f"{alias}.team_id = ANY({self.bind(list(scope.teams), 'uuid[]')})")
        if scope.shared:
            parts.append(f"{alias}.{key} = ANY({self.bind(list(scope.shared), 'uuid[]')})")
        return f"({' OR '.join(parts)})"


# $2 is the organisation, $3 the record.
def activities(asking: Asking) -> str:
    links = f"{asking.resource.noun}_ids"
    return f"""
SELECT a.id, 'activity' AS kind, a.kind AS type, a.entry_at AS at, a.subject AS title,
  left(coalesce(a.outcome, a.body), {LONGEST_SUMMARY}) AS summary, 'activity' AS subject_type,
  a.id AS subject_id, a.owner_id AS actor_id,
  jsonb_build_object('status', a.status, 'priority', a.priority, 'starts_at', {_instant("a.starts_at")},
    'ends_at', {_instant("a.ends_at")}, 'due_at', {_instant("a.due_at")}, 'done_at', {_instant("a.done_at")},
    'outcome', a.outcome, 'next_step', a.next_step, 'location', a.location, 'recurrence', a.recurrence,
    'account_ids', a.account_ids, 'contact_ids', a.contact_ids, 'opportunity_id', a.opportunity_id,
    'ticket_id', a.ticket_id, 'owner_id', a.owner_id) AS data
FROM (SELECT a.*, {ACTIVITY_AT} AS entry_at, a.id AS entry_id FROM activities AS a
  WHERE a.organisation_id = $2 AND a.{links} @> ARRAY[$3::uuid] AND a.deleted_at IS NULL
    AND {asking.covered("a", asking.scopes["activities"])}{asking.within(ACTIVITY_AT, "a.id")}
  {asking.newest}) AS a"""


def standing(asking: Asking) -> str:
    entry_id = "md5(concat_ws(' ', s.account_id, s.version, s.dimension))::uuid"
    return f"""
SELECT s.entry_id, 'standing', s.dimension, s.at,
  concat(s.dimension, ': ', coalesce(s.from_value, '–'), ' → ', coalesce(s.to_value, '–')),
  left(s.reason, {LONGEST_SUMMARY}), 'account', s.account_id, s.actor_id,
  jsonb_build_object('from', s.from_value, 'to', s.to_value, 'reason', s.reason, 'source', s.source,
    'effective_on', s.effective_on, 'is_correction', s.is_correction, 'version', s.version)
FROM (SELECT s.*, s.at AS entry_at, {entry_id} AS entry_id FROM standing_changes AS s
  WHERE s.organisation_id = $2 AND s.account_id = $3{asking.within("s.at", entry_id)}
  {asking.newest}) AS s"""


def files(asking: Asking) -> str:
    """Whoever sees a record sees its files, so these need no rule of their own."""
    noun = asking.bind(asking.resource.noun, "text", name="noun")
    return f"""
SELECT f.id, 'file', f.content_type, f.created_at, f.name, NULL::text, 'file', f.id, f.owner_id,
  jsonb_build_object('content_type', f.content_type, 'size', f.size, 'owner_id', f.owner_id)
FROM (SELECT f.*, f.created_at AS entry_at, f.id AS entry_id FROM file_links AS l
  JOIN files AS f ON f.organisation_id = l.organisation_id AND f.id = l.file_id
  WHERE l.organisation_id = $2 AND l.subject_id = $3 AND l.subject_type = {noun}
    AND f.deleted_at IS NULL AND f.erased_at IS NULL{asking.within("f.created_at", "f.id")}
  {asking.newest}) AS f"""


def consents(asking: Asking) -> str:
    return f"""
SELECT c.id, 'consent', c.status, c.given_at, concat(c.channel, ':', c.purpose, ' ', c.status),
  left(c.proof, {LONGEST_SUMMARY}), 'consent', c.id, c.recorded_by,
  jsonb_build_object('channel', c.channel, 'purpose', c.purpose, 'status', c.status, 'source', c.source,
    'given_at', {_instant("c.given_at")}, 'expires_at', {_instant("c.expires_at")}, 'file_id', c.file_id)
FROM (SELECT c.*, c.given_at AS entry_at, c.id AS entry_id FROM consents AS c
  WHERE c.organisation_id = $2 AND c.contact_id = $3{asking.within("c.given_at", "c.id")}
  {asking.newest}) AS c"""


def merges(asking: Asking) -> str:
    name = asking.bind(asking.resource.name, "text", name="resource")
    return f"""
SELECT m.id, 'merge', 'merged', m.created_at,
  concat('Merged with ', cardinality(m.source_ids), ' other', CASE WHEN cardinality(m.source_ids) > 1 THEN 's' END),
  NULL::text, 'merge', m.id, m.created_by,
  jsonb_build_object('source_ids', m.source_ids, 'status', m.status, 'moved', m.moved,
    'undone_at', {_instant("m.undone_at")}, 'undone_by', m.undone_by)
FROM (SELECT m.*, m.created_at AS entry_at, m.id AS entry_id FROM merges AS m
  WHERE m.organisation_id = $2 AND m.survivor_id = $3 AND m.resource = {name}{asking.within("m.created_at", "m.id")}
  {asking.newest}) AS m"""


def changes(asking: Asking) -> str:
    """What the log has of the record itself. Moves of its standing and merges are told as such."""
    noun = asking.bind(asking.resource.noun, "text", name="noun")
    return f"""
SELECT e.id, 'change', e.type, e.occurred_at, split_part(e.type, '.', 3),
  nullif(left(array_to_string(e.changed, ', '), {LONGEST_SUMMARY}), ''), e.subject_type, e.subject_id, e.actor_id,
  jsonb_build_object('changed', e.changed, 'before', coalesce(e.before, '{{}}'), 'after',
    coalesce((SELECT jsonb_object_agg(name, e.after -> name) FROM unnest(e.changed) AS name), '{{}}'),
    'version', e.version, 'channel', e.channel)
FROM (SELECT e.*, e.occurred_at AS entry_at, e.id AS entry_id FROM events AS e
  WHERE e.organisation_id = $2 AND e.subject_id = $3 AND e.subject_type = {noun} AND e.type NOT LIKE '%.merged'
    AND NOT (e.type LIKE '%.updated' AND e.changed <@ {STANDING}){asking.within("e.occurred_at", "e.id")}
  {asking.newest}) AS e"""


def externals(asking: Asking) -> str:
    """What other services told, each entry for those who may see the record it came from."""
    noun = asking.bind(asking.resource.noun, "text", name="noun")
    seen = [
        f"(s.resource = {asking.bind(name, 'text')} AND {asking.covered('s', scope)})"
        for name, scope in asking.scopes.items()
        if name != "activities"
    ]
    return f"""
SELECT t.id, 'external', t.type, t.at, t.title, left(t.summary, {LONGEST_SUMMARY}), t.source_type,
  t.source_id, t.actor_id, t.data
FROM (SELECT t.*, t.at AS entry_at, t.id AS entry_id FROM timeline_entries AS t
  JOIN timeline_sources AS s ON s.organisation_id = t.organisation_id AND s.id = t.source_id
  WHERE t.organisation_id = $2 AND t.subject_id = $3 AND t.subject_type = {noun} AND s.deleted_at IS NULL
    AND ({" OR ".join(seen)}){asking.within("t.at", "t.id")}
  {asking.newest}) AS t"""


BRANCHES: Final[Mapping[str, Callable[[Asking], str]]] = {
    "activity": activities,
    "standing": standing,
    "file": files,
    "consent": consents,
    "merge": merges,
    "change": changes,
    "external": externals,
}


def _instant(column: str) -> str:
    """A moment inside JSON, spelt as everywhere in the API."""
    return f"to_jsonb({column} AT TIME ZONE 'UTC') #>> '{{}}' || 'Z'"
