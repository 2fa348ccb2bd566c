"""A monthly report as one HTML page: printable, with its pictures inside it, nothing fetched."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any, Final

STYLE: Final = """
body{font:14px/1.5 system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;color:#1f2329;max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{margin:2rem 0 .5rem;border-bottom:1px solid #c3cad4}h3{margin:1.2rem 0 .3rem}
.soft{color:#646a73}table{border-collapse:collapse;width:100%;margin:.5rem 0}
th,td{padding:.25rem .5rem;text-align:right;border-bottom:1px solid #e3e6ea}th{font-weight:600;color:#646a73}
th:first-child,td:first-child,td.label,th.label{text-align:left}
img{max-width:100%;display:block;margin:.5rem 0}sup a{color:#0072b2;text-decoration:none}
code{font-size:.75rem;overflow-wrap:anywhere}li{margin:.2rem 0}
@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}h3{break-after:avoid}
img,tr{break-inside:avoid}@page{size:A4;margin:16mm}}
"""


def as_page(document: Mapping[str, Any]) -> bytes:
    said = document["words"]
    language = "zh-CN" if document["language"] == "zh" else "en"
    title = escape(f"{said['title']} {document['month']}")
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
        f"<p>{escape(document['organisation'])}<br><span class=soft>{escape(said['as_of'])} "
        f"{escape(document['as_of'])} · {escape(document['of'])}</span></p>",
        *(_section(section, said) for section in document["sections"]),
        f"<h2>{escape(said['records'])}</h2><p class=soft>{escape(said['records_text'])}</p><ol>",
        *(
            f'<li id="r{each["number"]}"><code>POST {escape(each["path"])} {escape(each["body"])}</code></li>'
            for each in document["records"]
        ),
        f"</ol><p class=soft>{escape(document['made'])}</p></body></html>",
    ]
    return "\n".join(parts).encode()


def _section(section: Mapping[str, Any], said: Mapping[str, str]) -> str:
    parts = [f"<h2>{escape(section['title'])}</h2>"]
    if not section["figures"]:
        parts.append(f"<p class=soft>{escape(section['nothing'])}</p>")
    parts += [_figures(each, said) for each in section["figures"]]
    parts += [_part(each) for each in section["parts"]]
    return "\n".join(parts)


def _figures(figures: Mapping[str, Any], said: Mapping[str, str]) -> str:
    head = [said[n] for n in ("figure", "month", "before", "change", "year", "change")]
    rows = [
        [
            escape(row["label"]), escape(row["now"]) + _link(row["record"]),
            *(escape(row[n]) for n in ("before", "change", "year", "year_change")),
        ]
        for row in figures["rows"]
    ]  # fmt: skip
    return _table([escape(each) for each in head], rows, labels=1)


def _part(part: Mapping[str, Any]) -> str:
    picture = b64encode(part["svg"].encode()).decode()
    shown = f'<img alt="{escape(part["title"])}" src="data:image/svg+xml;base64,{picture}">'
    table = part["table"]
    if table is None:
        return shown
    rows = [
        [
            *map(escape, row["labels"]),
            *(escape(c["text"]) + _link(c["record"]) for c in row["cells"]),
        ]
        for row in table["rows"]
    ]
    labels = len(table["rows"][0]["labels"]) if table["rows"] else 1
    return shown + _table([escape(each) for each in table["head"]], rows, labels=labels)


def _table(head: list[str], rows: list[list[str]], *, labels: int) -> str:
    """Cells are HTML already; the first `labels` of a row stand at the left."""

    def cells(tag: str, row: list[str]) -> str:
        return "".join(
            f"<{tag}{' class=label' if n < labels else ''}>{cell}</{tag}>"
            for n, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', head)}</tr></thead><tbody>{body}</tbody></table>"


def _link(record: int | None) -> str:
    return "" if record is None else f' <sup><a href="#r{record}">[{record}]</a></sup>'
