"""Whether a mapping can work for a file, before any of its rows is read."""

from collections.abc import Mapping

from guanxi_shared.errors import Invalid
from guanxi_shared.imports.fields import ImportField, find_field
from guanxi_shared.imports.importable import Importable
from guanxi_shared.imports.options import ColumnRule, ImportOptions
from guanxi_shared.tables.rows import Source

Columns = dict[str, tuple[ColumnRule, ImportField]]
PLACES = {"email": "emails", "phone": "phones"}


def checked_columns(
    importable: Importable, source: Source, options: ImportOptions, suggested: Mapping[str, str],
    fields: Mapping[str, ImportField],
) -> Columns:  # fmt: skip
    """Column → (rule, field); Invalid names every column that is not in the file and every field
    (of a column or a default) that is not known, and says when the key or the name of a record comes from nowhere."""
    columns: Columns = {}
    errors: dict[str, str] = {}
    for column, rule in options.rules(suggested).items():
        found = find_field(fields, rule.field)
        if column not in source.columns and source.kind in ("csv", "xlsx"):
            errors[f"mapping.{column}"] = f"The file has no column {column!r}."
        elif found is None:
            errors[f"mapping.{column}"] = f"There is no field {rule.field!r} to import into."
        else:
            columns[column] = (rule, found)
    errors |= _clashes(columns) | _odd_defaults(options, fields)
    places = {str(found.path[0]) for _, found in columns.values()} | set(options.defaults)
    errors |= _missing(importable, options, places)
    if errors:
        place, sentence = next(iter(errors.items()))
        raise Invalid(f"{place}: {sentence}", errors=errors)
    return columns


def _clashes(columns: Columns) -> dict[str, str]:
    first: dict[tuple[str | int, ...], str] = {}
    errors = {}
    for column, (rule, found) in columns.items():
        other = first.setdefault(found.path, column)
        if other != column:
            errors[f"mapping.{column}"] = f"{other!r} is mapped to {rule.field!r} already."
    return errors


def _odd_defaults(options: ImportOptions, fields: Mapping[str, ImportField]) -> dict[str, str]:
    """What no column could fill is not filled by a default either: nobody looks at what it names."""
    known = {*fields, *(str(each.path[0]) for each in fields.values())}
    return {
        f"defaults.{name}": f"There is no field {name!r} to import into."
        for name in options.defaults
        if name not in known
    }


def _missing(importable: Importable, options: ImportOptions, places: set[str]) -> dict[str, str]:
    key = options.key
    if key not in importable.keys:
        name = importable.resource.name.capitalize()
        return {"key": f"{name} are not recognised by {key!r}."}
    if key != "none" and PLACES.get(key, key) not in places:
        return {"key": f"No column is mapped to {key!r}."}
    if options.duplicates not in importable.duplicates:
        known = ", ".join(sorted(importable.duplicates))
        return {"duplicates": f"Rows of {importable.resource.name} take one of: {known}."}
    is_named = not importable.named_by or importable.named_by & places
    if not is_named and options.duplicates != "update":
        return {"mapping": "No column is mapped to the name."}
    return {}
