"""Create with an idempotency key, and update under If-Match."""

from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.people import person
from tests.bench.traffic import COUNTER, VERSION, Traffic, request, shuffled

PATH = "/v1/contacts"
BODIES = 500
SERIES = 8  # of people that are nobody's yet
NUMBER, ETAG = COUNTER.decode(), f'"{VERSION.decode()}"'


def create(bench: Bench) -> Traffic:
    """Ordinary people; the key differs each time, and so does the e-mail address."""
    url, token = bench.suite.url, bench.organisation.seller.token
    asked = []
    for number in range(BODIES):
        body = person(number, series=SERIES)
        body["emails"][0]["address"] = f"n{NUMBER}@example.com"
        asked.append(
            request(url, "POST", PATH, token=token, body=body, idempotency_key=f"bench-{NUMBER}")
        )
    return Traffic(url, shuffled(asked), status=201)


def update(bench: Bench) -> Traffic:
    """A merge patch of two fields; If-Match follows the version that the last answer had."""
    url, token = bench.suite.url, bench.organisation.seller.token
    versions = bench.versions()
    body = {"title": f"Head of {NUMBER}", "department": "Sales"}
    asked = tuple(
        request(url, "PATCH", f"{PATH}/{record_id}", token=token, body=body, if_match=ETAG)
        for record_id, _ in versions
    )
    return Traffic(url, asked, tuple(version for _, version in versions))


CASES = (
    Case("create", create, goals.CREATE),
    Case("update with If-Match", update, goals.UPDATE),
)
