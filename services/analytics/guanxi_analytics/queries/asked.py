"""A query as it is sent, checked: measures, dimensions, filter document, period, comparison, as of when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from guanxi_analytics.facts.kinds import QUOTAS
from guanxi_analytics.queries.cubes import CUBES, Cube
from guanxi_analytics.queries.dimensions import DIMENSIONS, PERIODS
from guanxi_analytics.queries.fields import fields_of_cube
from guanxi_analytics.queries.groupings import named_in, told_by
from guanxi_analytics.queries.measures import MEASURES, Measure
from guanxi_analytics.queries.period_rules import Shift, shift_of
from guanxi_analytics.queries.quota_asking import narrowed, quota_filters
from guanxi_shared import filters, history
from guanxi_shared.calls import Call
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Groups
from guanxi_shared.resources import DAY

EXAMPLE: dict[str, Any] = {
    "measures": ["revenue", "orders"],
    "dimensions": ["month", "region"],
    "filter_groups": [{"filters": [{"field": "region", "operator": "eq", "value": "华东"}]}],
    "period": {"from": "2026-01-01", "until": "2027-01-01"},
    "compare": "previous_year",
    "top": 20,
}
MOST_ROWS: Final = 10_000
FIRST_DAY, LAST_DAY = date(2, 1, 2), date(9999, 12, 30)  # a year before the first one is a day, too
MOST_RANKED: Final = 200_000  # of which the first are shown
Days = tuple[date | None, date | None]
Name = Annotated[str, Field(max_length=60)]


def most_rows(top: int | None) -> int:
    """How many rows a query may find."""
    return MOST_ROWS if top is None else MOST_RANKED


class Period(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: str = Field(alias="from", description="A day, or a relative one: `this_year`, `-90d`.")
    until: str = Field(description="The first day that no longer belongs to it.")


class Query(BaseModel):
    """What is measured, by what, of which records, when. `as_of` asks for the answer of a past moment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    measures: Annotated[list[Name], Field(min_length=1, max_length=12)]
    dimensions: Annotated[list[Name], Field(max_length=4)] = []
    filter_groups: list[Any] = []
    period: Period | None = None
    compare: Literal["previous_period", "previous_year"] | None = None
    order_by: Name | None = Field(default=None, description="A measure, the greatest first.")
    top: Annotated[int, Field(ge=1, le=MOST_ROWS, description="Of each currency.")] | None = None
    as_of: Annotated[str, Field(max_length=40)] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """`cubes` are those whose measures are asked for, each with the filters as conditions over its rows, and as the
    documents that say so."""

    measures: Sequence[Measure]
    dimensions: tuple[str, ...]
    bucket: str | None
    groups: Mapping[str, Groups]
    documents: Mapping[str, list[Any]]
    first: date | None
    until: date | None
    shift: Shift | None
    order_by: str
    top: int | None
    as_of: datetime | None
    at: datetime
    today: date

    @property
    def cubes(self) -> list[Cube]:
        return [
            CUBES[name] for name in dict.fromkeys(name for m in self.measures for name in m.cubes)
        ]

    def sums(self, cube: Cube) -> list[str]:
        """Those of the cube that its measures are made of."""
        wanted = {name for m in self.measures if cube.name in m.cubes for name in m.of}
        return [name for name in cube.sums if name in wanted]

    @property
    def is_of_today(self) -> bool:
        """Whether it is answered otherwise tomorrow, though nothing changed."""
        filtered = {
            c.field.name for groups in self.groups.values() for group in groups for c in group
        }
        told = [DIMENSIONS[name] for name in {*self.dimensions, *filtered} if name in DIMENSIONS]
        return any(m.is_of_today for m in self.measures) or any(d.is_of_today for d in told)

    @property
    def permissions(self) -> list[str]:
        own = [cube.permission for cube in self.cubes]
        return [*own, *(f"{name}:read" for name in sorted(self.groupings))]

    @property
    def groupings(self) -> set[str]:
        """Segments and territories, where it is about those."""
        return told_by(self.dimensions).union(*map(named_in, self.groups.values()))

    @property
    def has_money(self) -> bool:
        return any(measure.is_of_currency for measure in self.measures)


def asked_of(call: Call, sent: Query) -> Asked:
    measures = [_known(MEASURES, name, "measures") for name in dict.fromkeys(sent.measures)]
    dimensions = tuple(dict.fromkeys(sent.dimensions))
    bucket = _bucket(dimensions)
    names = list(dict.fromkeys(each for measure in measures for each in measure.cubes))
    for name in dimensions:
        (_demand_bucket if name in PERIODS else _demand_dimension)(name, measures)
    first, until = _period(call, sent.period)
    order_by = sent.order_by or measures[0].name
    if order_by not in [measure.name for measure in measures]:
        raise Malformed(
            f"{order_by!r} is not among the measures.", errors={"order_by": "Send one of measures."}
        )
    as_of = None if sent.as_of is None else history.moment_of(call, "as_of", sent.as_of)
    at = as_of or datetime.now(UTC)
    documents = {
        name: _document(sent, _groups(call, sent.filter_groups, name), name, dimensions, bucket, (first, until))
        for name in names
    }  # fmt: skip
    return Asked(
        measures, dimensions, bucket,
        {name: _groups(call, document, name) for name, document in documents.items()},
        documents, first, until, _shift(sent, first, until, bucket), order_by, sent.top,
        as_of, at, day_of(at, call.clock.zone),
    )  # fmt: skip


def day_of(at: datetime, zone: tzinfo) -> date:
    """At the ends of the calendar a clock elsewhere shows no day, and the driver takes the last one for infinity, from which no
    days can be counted."""
    try:
        day = at.astimezone(zone).date()
    except OverflowError:
        day = at.date()
    return min(max(day, FIRST_DAY), LAST_DAY)


def _known(known: Mapping[str, Any], name: str, field: str) -> Any:
    if name not in known:
        raise Malformed(
            f"There is no {field[:-1]} {name!r}.",
            errors={field: f"Send some of: {', '.join(known)}."},
        )
    return known[name]


def _bucket(dimensions: Sequence[str]) -> str | None:
    """The one dimension that is a stretch of time."""
    found = [name for name in dimensions if name in PERIODS]
    if len(found) > 1:
        raise Malformed(
            "Only one of the dimensions can be a stretch of time.",
            errors={"dimensions": f"Send one of: {', '.join(PERIODS)}."},
        )
    return found[0] if found else None


def _demand_dimension(name: str, measures: Sequence[Measure]) -> None:
    dimension = _known({**PERIODS, **DIMENSIONS}, name, "dimensions")
    for measure in measures:
        if any(dimension.column(CUBES[cube]) is None for cube in measure.cubes):
            raise Invalid(
                f"{measure.name} is not told apart by {name}.",
                errors={"dimensions": f"Ask for {measure.name} without {name}, or in a query of its own."},
            )  # fmt: skip


def _demand_bucket(name: str, measures: Sequence[Measure]) -> None:
    for measure in measures:
        for cube in measure.cubes:
            if name not in CUBES[cube].buckets:
                told = ", ".join(CUBES[cube].buckets)
                raise Invalid(
                    f"{measure.name} is not told apart by {name}.",
                    errors={"dimensions": f"Ask for {measure.name} by one of: {told}."},
                )


def _period(call: Call, period: Period | None) -> tuple[date | None, date | None]:
    if period is None:
        return None, None
    found = [
        _day(call, f"period.{n}", v) for n, v in (("from", period.first), ("until", period.until))
    ]
    if found[0] >= found[1]:
        raise Invalid(
            "The period ends before it begins.",
            errors={"period.until": "Send a later day: the first that no longer belongs to it."},
        )
    return found[0], found[1]


def _day(call: Call, name: str, text: str) -> date:
    try:
        found: date = filters.PARSERS[DAY](text, call.clock)
        if not 1900 <= found.year <= 2200:
            raise ValueError("out of range")
    except (ValueError, OverflowError) as error:
        raise Malformed(
            f"{name} must be a day.", errors={name: f"Send {filters.WANTED[DAY]}."}
        ) from error
    return found


def _document(
    sent: Query, groups: Groups, cube: str, dimensions: Sequence[str], bucket: str | None, days: Days
) -> list[Any]:  # fmt: skip
    """The filters over this cube's rows, with those that follow from the question."""
    if CUBES[cube].kind is not QUOTAS:
        return sent.filter_groups
    filtered = {each.field.name for group in groups for each in group}
    return narrowed(sent.filter_groups, quota_filters(dimensions, filtered, bucket, *days))


def _groups(call: Call, document: list[Any], cube: str) -> Groups:
    """The conditions over this cube's rows; a field that it has not is named with it."""
    fields = fields_of_cube(cube)
    try:
        return filters.groups_from_document(document, fields, call.clock)
    except Malformed as error:
        error.detail = f"{error.detail} (measures of {cube})"
        raise


def _shift(sent: Query, first: date | None, until: date | None, bucket: str | None) -> Shift | None:
    if sent.compare is None:
        return None
    if first is None or until is None:
        raise Invalid("A comparison needs a period.", errors={"period": "Send from and until."})
    shift = shift_of(sent.compare, first, until, bucket)
    if bucket is not None and not shift.fits(bucket):
        raise Invalid(
            f"{bucket}s of this period have none to be compared with.",
            errors={"period": f"Send a period of whole {bucket}s."},
        )
    return shift
