"""Brings each schema to its newest migration, and starts no Python for one that is there already.

Starting Alembic with a service's models takes about a second; most starts have nothing to do.
"""

import ast
import importlib.util
from pathlib import Path

import asyncpg


async def schema_is_current(connection: asyncpg.Connection, name: str, package: str) -> bool:
    """False also where one cannot tell."""
    table = f"{name}.alembic_version"
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return False
    rows = await connection.fetch(f"SELECT version_num FROM {table}")
    return {row["version_num"] for row in rows} == heads_of(package)


async def make_coming_months(owner_url: str) -> None:
    """What the migrate step does besides migrating: partitions of the log, made by their owner."""
    connection = await asyncpg.connect(owner_url)
    try:
        if await connection.fetchval("SELECT to_regproc('create_event_partitions')") is not None:
            await connection.execute("SELECT create_event_partitions()")
    finally:
        await connection.close()


def heads_of(package: str) -> set[str]:
    """The newest revisions of a package, read from its files without running them."""
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [file for folder in folders for file in Path(folder).glob("migrations/versions/*.py")]
    facts = [_assigned(file) for file in files]
    known = {revision for each in facts for revision in each.get("revision", ())}
    return known - {parent for each in facts for parent in each.get("down_revision", ())}


def _assigned(file: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign):
                found[target.id] = _strings(node.value)
    return found


def _strings(node: ast.expr | None) -> tuple[str, ...]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(text for element in node.elts for text in _strings(element))
    return ()
