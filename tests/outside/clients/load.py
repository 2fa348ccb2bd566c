"""dlt's own `rest_api` source over the plain API, into DuckDB: `python load.py DATABASE URL KEY`.

The first run loads everything, the next ones what was changed since; deletes come from the change feed.
`updated_at` is set before a transaction commits, so a run looks back LAG seconds behind the newest that it has
seen: longer than any transaction takes. Rows that come twice are merged by their id.
"""

import sys

import dlt
import requests
from dlt.sources.rest_api import rest_api_source

database, url, key = sys.argv[1:4]
LAG = float(sys.argv[4]) if len(sys.argv) > 4 else 300.0
RESOURCES = ["accounts", "opportunities", "tickets"]


def changed(name: str) -> dict:
    newest = {
        "type": "incremental", "cursor_path": "updated_at", "initial_value": "1970-01-01T00:00:00Z", "lag": LAG,
    }  # fmt: skip
    params = {"limit": 200, "sort": "updated_at", "updated_at[gte]": newest}
    return {"name": name, "endpoint": {"path": name, "params": params}}


source = rest_api_source(
    {
        "client": {
            "base_url": f"{url}/v1/",
            "auth": {"type": "bearer", "token": key},
            "paginator": {
                "type": "cursor",
                "cursor_path": "page.next_cursor",
                "cursor_param": "cursor",
            },
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
        },
        "resources": [changed(name) for name in RESOURCES],
    }
)


@dlt.resource(
    primary_key="id", write_disposition="merge", columns={"sequence": {"dedup_sort": "desc"}}
)
def gone():
    """Ids of what was deleted, or came back: `is_gone` is what is true now."""
    state = dlt.current.resource_state()
    while True:
        asked = {"after": state.get("cursor", ""), "types": "*.deleted,*.erased,*.restored"}
        answer = requests.get(
            f"{url}/v1/events", asked, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        answer.raise_for_status()
        for event in answer.json():
            is_gone = not event["type"].endswith(".restored")
            yield {"id": event["data"]["id"], "sequence": event["sequence"], "is_gone": is_gone}
        state["cursor"] = answer.headers["x-next-after"]
        if not answer.json():
            return


pipeline = dlt.pipeline("guanxi", destination=dlt.destinations.duckdb(database), dataset_name="crm")
pipeline.run([source, gone()]).raise_on_failed_jobs()
counts = pipeline.last_trace.last_normalize_info.row_counts
loaded = pipeline.default_schema.data_table_names(seen_data_only=True)
with pipeline.sql_client() as sql:
    for name in RESOURCES if "gone" in loaded else []:
        sql.execute_sql(f"DELETE FROM {name} WHERE id IN (SELECT id FROM gone WHERE is_gone)")
print({name: counts.get(name, 0) for name in [*RESOURCES, "gone"]})
