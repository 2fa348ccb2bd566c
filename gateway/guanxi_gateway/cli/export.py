"""guanxi export: what a filter finds, as a file, through the public API."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from guanxi_gateway.cli.api import Api, ApiKey, Credentials, Email, Password, Url
from guanxi_gateway.cli.job_progress import console, demand_done, follow
from guanxi_shared.launch.errors import LaunchError

FORMATS = {".csv": "csv", ".xlsx": "xlsx", ".ndjson": "ndjson", ".jsonl": "ndjson", ".vcf": "vcard"}
_FILTER = re.compile(r"(?P<field>[\w.]+)(?:\[(?P<operator>\w+)\])?=(?P<value>.*)", re.DOTALL)


def export(
    resource: Annotated[str, typer.Argument(help="accounts, contacts, activities or opportunities")],
    file: Annotated[Path, typer.Argument(help="Its ending says the format: .csv .xlsx .ndjson .vcf")],
    filter_: Annotated[list[str] | None, typer.Option("--filter", metavar="FIELD[OP]=VALUE", help="All of them must hold")] = None,
    query: Annotated[str | None, typer.Option("--query", "-q", help="Words to search for")] = None,
    fields: Annotated[str | None, typer.Option(help="With commas between; all without")] = None,
    sort: Annotated[str | None, typer.Option(help="With commas between, e.g. -updated_at")] = None,
    url: Url = None, email: Email = None, password: Password = None, api_key: ApiKey = None,
) -> None:  # fmt: skip
    """Write all records that you see, or those of a filter, into FILE."""
    format = FORMATS.get(file.suffix.lower())
    if format is None:
        raise LaunchError(
            f"{file}: the format is not known by its ending; use one of {', '.join(FORMATS)}."
        )
    document: dict[str, Any] = {}
    if filter_:
        document["filter_groups"] = [{"filters": [_filter(text) for text in filter_]}]
    if query:
        document["query"] = query
    if sort:
        document["sorts"] = sort.split(",")
    body: dict[str, Any] = {"resource": resource, "format": format, "document": document}
    if fields:
        body["fields"] = fields.split(",")
    with Api(url, Credentials(email, password, api_key)) as api:
        job = follow(
            api,
            api.post(f"/v1/exports?resource={resource}", body)["id"],
            f"{resource} → {file.name}",
        )
        demand_done(job)
        part = file.with_name(f"{file.name}.part")
        api.download(job["result_url"], part)
        part.replace(file)
    console.print(f"{job['done']} {resource} written to {file}.", markup=False)


def _filter(text: str) -> dict[str, Any]:
    """`revenue[gte]=1000` as a filter of a search document."""
    found = _FILTER.fullmatch(text)
    if found is None:
        raise LaunchError(f"--filter {text}: write field=value or field[operator]=value.")
    operator = found["operator"] or "eq"
    value: Any = found["value"].split(",") if operator in ("in", "nin") else found["value"]
    return {"field": found["field"], "operator": operator, "value": value}
