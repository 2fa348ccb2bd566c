"""What can be held by a machine, so that nobody has to say it in a review."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic_settings import BaseSettings

from guanxi_gateway.app import assemble
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.models import PLATFORM_TABLES as GATEWAY_TABLES
from guanxi_gateway.settings import GatewaySettings
from guanxi_shared.edge import Edge
from guanxi_shared.feed.patterns import matches_type
from guanxi_shared.launch.migrating import heads_of
from guanxi_shared.launch.services import discover_services
from guanxi_shared.resources import Resource
from guanxi_shared.schema import PLATFORM_TABLES
from guanxi_shared.settings import Common, ServiceSettings
from tests.prepared import Clone
from tests.stand_in import SECRET

ROOT = Path(__file__).parent.parent
SERVICES = [service.name for service in discover_services()]
SHARED = ROOT / "shared" / "guanxi_shared"

# Words of the trade that `shared` may not know; the files in which they mean something else.
NOUNS = frozenset(
    ["account", "campaign", "contact", "customer", "deal", "invoice", "lead", "opportunity",
     "pipeline", "prospect", "quote", "ticket"]
)  # fmt: skip
OTHER_MEANING = {
    "quote": {
        "files/rules.py", "jobs.py", "launch/postgres.py", "launch/provision.py", "tables/csv_reader.py", "tables/xlsx_writer.py",
    }
}  # fmt: skip

VAGUE = frozenset(
    ["utils.py", "util.py", "helpers.py", "common.py", "constants.py", "types.py", "misc.py",
     "dependencies.py", "crud.py", "repository.py", "base.py", "manager.py"]
)  # fmt: skip
IMPURE = re.compile(
    r"^(fastapi|starlette|asyncpg|sqlmodel|httpx|aiohttp|os|time|random|pydantic_settings"
    r"|sqlalchemy|guanxi_shared\.(db|settings|http|calls)|guanxi_\w+\.(db|settings|models|\w+\.service))\b"
)
CLOCK = re.compile(r"\b(datetime\.now|date\.today|datetime\.utcnow|time\.time|monotonic)\(")

NEWER_THAN_15 = re.compile(
    r"\b(any_value|array_reverse|array_sample|array_shuffle|array_sort|random_normal|uuid_extract_\w+|uuidv[47])\("
)

# Heard before anybody says it: erasing comes later.
HEARD_FROM_LATER = {"*.erased", "*.exported"}
WRITTEN_BY_THE_KERNEL = ("created", "updated", "deleted", "restored")
OWN_VERB = re.compile(r'\bverb="(\w+)"')

# Indexes that a sweep over all organisations or the feed role uses, no request.
ACROSS_ORGANISATIONS = re.compile(
    r"_(position|unnumbered|created_at|expires_at|finished_at|reminder_at|next_at|shift_ends_at|survey_due_at"
    r"|survey_invitations_due|ticket_letters_due|leased_until|follow_up_at|review_at|digest|hash)(_idx)?$"
)
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted|registry\.npmjs|npmjs\.com|--index-url|--extra-index-url|proxy\.golang"
    r"|artifactory|nexus\.|(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/"
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def sources(*folders: Path) -> Iterator[Path]:
    for folder in folders or (ROOT / "shared", ROOT / "gateway", ROOT / "services"):
        yield from sorted(folder.rglob("*.py"))


def committed() -> Iterator[Path]:
    """What is in the repository, or would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.splitlines() if listed.returncode == 0 else _walked()
    yield from (ROOT / name for name in names if (ROOT / name).is_file())


def _walked() -> Iterator[str]:
    hidden = {
        ".venv",
        ".git",
        ".data",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        "__pycache__",
    }
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in hidden]
        yield from (str(Path(folder, name).relative_to(ROOT)) for name in files)


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_service_imports_itself_and_shared_alone() -> None:
    wrong = []
    for path in sources():
        own = next(part for part in path.parts if part.startswith("guanxi_"))
        allowed = {own, "guanxi_shared"}
        for module in imported(path):
            top = module.partition(".")[0]
            if top.startswith("guanxi_") and top not in allowed:
                wrong.append(f"{place(path)} imports {module}")
    assert wrong == []


def test_resource_folders_reach_into_each_other_by_their_service_only() -> None:
    wrong = []
    for path in sources(ROOT / "services"):
        folder = path.parent.name
        for module in imported(path):
            parts = module.split(".")
            is_elsewhere = len(parts) >= 3 and parts[0].startswith("guanxi_") and parts[1] != folder
            # The composition root and the allow-lists know every folder.
            is_root = path.parent.name.startswith("guanxi_")
            if (
                is_elsewhere
                and parts[0] != "guanxi_shared"
                and parts[2] == "routes"
                and not is_root
            ):
                wrong.append(f"{place(path)} imports {module}")
    assert wrong == []


def test_shared_names_no_noun_of_the_trade() -> None:
    wrong = []
    for path in sources(SHARED):
        inside = path.relative_to(SHARED).as_posix()
        for line, words in _words(path):
            wrong += [
                f"{place(path)}:{line} says {word}"
                for word in words & NOUNS
                if inside not in OTHER_MEANING.get(word, set())
            ]
    assert wrong == []


def _words(path: Path) -> Iterator[tuple[int, set[str]]]:
    """The words of names and texts, in the singular; docstrings and comments may give examples."""
    tree = tree_of(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in docstrings:
            continue
        text = " ".join(_names(node))
        found = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", text)}
        yield getattr(node, "lineno", 0), {_singular(word) for word in found}


def _names(node: ast.AST) -> Iterable[str]:
    for attribute in ("id", "attr", "arg", "name"):
        if isinstance(found := getattr(node, attribute, None), str):
            yield found
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _singular(word: str) -> str:
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")


def test_rules_decide_and_do_nothing_else() -> None:
    wrong = []
    for path in sources():
        if not (path.name == "rules.py" or path.name.endswith("_rules.py")):
            continue
        wrong += [f"{place(path)} imports {m}" for m in imported(path) if IMPURE.match(m)]
        wrong += [
            f"{place(path)} asks the clock" for _ in CLOCK.findall(path.read_text(encoding="utf-8"))
        ]
    assert wrong == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [place(path) for path in sources() if path.name in VAGUE] == []


def test_nothing_is_left_unfinished_or_silenced() -> None:
    wrong = []
    for path in [*sources(), *sources(ROOT / "tests")]:
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        wrong += [f"{place(path)} says {word}" for word in UNFINISHED.findall(text)]
        wrong += [f"{place(path)}:{h.lineno} swallows" for h in _handlers(path) if _swallows(h)]
    assert wrong == []


def _handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            yield node


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    is_broad = caught is None or (
        isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException")
    )
    return is_broad and all(isinstance(statement, ast.Pass) for statement in handler.body)


def test_tests_wait_for_a_condition_and_never_for_a_time() -> None:
    wrong = [
        f"{place(path)}:{node.lineno}"
        for path in sources(ROOT / "tests")
        if path.name.startswith("test_")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    ]
    assert wrong == []


def test_statements_name_no_function_that_postgres_15_lacks() -> None:
    """Our own Postgres is newer than the oldest that may be given, and tests run on ours."""
    wrong = [
        f"{place(path)}: {match[0]}"
        for path in sources()
        for match in NEWER_THAN_15.finditer(path.read_text("utf-8"))
    ]
    assert wrong == []


def test_nothing_committed_names_a_registry_or_a_place_on_a_machine() -> None:
    wrong = []
    for path in committed():
        if path == Path(__file__) or path.suffix in (".xlsx", ".png"):
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        wrong += [
            f"{place(path)}:{n} {m[0]}"
            for n, line in enumerate(lines, 1)
            if (m := REGISTRIES.search(line))
        ]
    assert wrong == []


def test_every_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    wrong = []
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("services/*/README.md"),
    ]:
        # In a code block at the start of a line, or in backticks: prose makes other things too.
        named = re.findall(
            r"(?:^|`)(?:[A-Z_]+=\S+ )*make ([a-z-]+)", path.read_text(encoding="utf-8"), re.M
        )
        wrong += [f"{place(path)} names {name}" for name in named if name not in targets]
    assert wrong == []
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)
    assert phony is not None
    assert set(phony[1].split()) <= targets


def _settings(kind: type[BaseSettings] = BaseSettings) -> Iterator[type[BaseSettings]]:
    for found in kind.__subclasses__():
        if found.__module__.startswith("guanxi_"):
            yield found
        yield from _settings(found)


def test_every_setting_is_in_the_example_and_every_example_is_a_setting() -> None:
    for path in sources():
        if path.name in ("settings.py", "worker.py") and "/launch/" not in place(path):
            module = place(path).partition("guanxi_")
            import_module((module[1] + module[2]).removesuffix(".py").replace("/", "."))
    known = set()
    for settings in _settings():
        prefix = settings.model_config.get("env_prefix") or ""
        if prefix or not issubclass(settings, ServiceSettings):  # else: what services build on
            known |= {f"{prefix}{name}".upper() for name in settings.model_fields}
    own = tuple(f"{name.upper()}_" for name in [*SERVICES, "guanxi"])
    read = {name for path in sources() for name in _constants(path) if name.startswith(own)}
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.M))
    assert sorted(known - shown) == []
    assert sorted(name for name in read - shown if not name.endswith("_")) == []
    assert sorted(shown - known - read) == []


def _constants(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^[A-Z][A-Z_]+$", node.value)


def test_the_skeletons_of_services_are_alike() -> None:
    for inside in ("migrations/env.py", "migrations/script.py.mako", "db.py"):
        copies = {name: _neutral(name, inside) for name in SERVICES}
        assert len(set(copies.values())) == 1, f"{inside} differs: {copies}"


def _neutral(name: str, inside: str) -> str:
    folder = ROOT / ("gateway" if name == "gateway" else f"services/{name}") / f"guanxi_{name}"
    text = (folder / inside).read_text(encoding="utf-8")
    text = re.sub(r'^""".*?"""\n', "", text, count=1, flags=re.S)  # each may say its own
    text = re.sub(r"models\.\w+\.metadata", "models.Table.metadata", text.replace(name, "service"))
    lines = text.splitlines()
    imports = sorted(line for line in lines if line.startswith(("from ", "import ")))
    return "\n".join([*imports, *(line for line in lines if line not in imports)])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_one_newest_migration(service: str) -> None:
    assert len(heads_of(f"guanxi_{service}")) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_models_and_migrations_say_the_same(service: str, database: Clone) -> None:
    environment = (
        os.environ | database.environment(service) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    done = subprocess.run(
        [sys.executable, "-m", "guanxi_shared.migrations", f"guanxi_{service}", "check"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


TABLES = """
SELECT c.oid, c.relname AS name, c.relispartition AS is_part, c.relrowsecurity AND c.relforcerowsecurity AS forced,
  (SELECT format_type(a.atttypid, NULL) || CASE WHEN a.attnotnull THEN '' ELSE ' null' END FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = 'organisation_id') AS organisation,
  (SELECT array_agg(pg_get_expr(p.polqual, p.polrelid) || ' ' || array_to_string(p.polroles::regrole[], ','))
    FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
  (SELECT array_agg(a.attname::text || ' ' || format_type(a.atttypid, NULL) ORDER BY k.n)
    FROM pg_constraint x, unnest(x.conkey) WITH ORDINALITY AS k (num, n), pg_attribute a
    WHERE x.conrelid = c.oid AND x.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.num) AS key
FROM pg_class c WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 2
"""
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, (SELECT attname::text FROM pg_attribute
  WHERE attrelid = i.indrelid AND attnum = i.indkey[0]) AS first
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = $1::text::regnamespace AND NOT c.relispartition AND c.relname <> ALL($2::text[])
"""
REFERENCES = """
SELECT x.conname AS name, x.confrelid::regclass::text AS target, c.relnamespace = f.relnamespace AS inside,
  (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = x.conrelid AND attnum = ANY(x.conkey)) AS columns
FROM pg_constraint x JOIN pg_class c ON c.oid = x.conrelid JOIN pg_class f ON f.oid = x.confrelid
WHERE x.contype = 'f' AND c.relnamespace = $1::text::regnamespace AND NOT c.relispartition
"""
PLATFORM = PLATFORM_TABLES | GATEWAY_TABLES


@pytest.fixture
async def catalogue(database: Clone) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.admin_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_belongs_to_organisations_and_is_guarded(
    service: str, catalogue: asyncpg.Connection
) -> None:
    tables = [row for row in await catalogue.fetch(TABLES, service) if row["name"] not in PLATFORM]
    assert len(tables) > 8
    for table in tables:
        assert table["organisation"] == "uuid", dict(table)
        assert table["forced"], dict(table)
        assert table["key"][0] == "organisation_id uuid", dict(table)
        if not table["is_part"]:  # a part is reached through its parent, and by nobody else
            assert _guards(table["policies"], service), dict(table)


def _guards(policies: list[str] | None, service: str) -> bool:
    """Each policy compares the organisation, but for the feed role's own."""
    others = [policy for policy in policies or [] if not policy.endswith(f" {service}_feed")]
    return bool(others) and all("app.organisation_id" in policy for policy in others)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_index_of_requests_begins_with_the_organisation(
    service: str, catalogue: asyncpg.Connection
) -> None:
    rows = await catalogue.fetch(INDEXES, service, sorted(PLATFORM))
    names = [r["name"].partition(".")[2] for r in rows if r["first"] != "organisation_id"]
    assert [name for name in names if not ACROSS_ORGANISATIONS.search(name)] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_every_reference_stays_in_its_schema_and_organisation(
    service: str, catalogue: asyncpg.Connection
) -> None:
    """The check of a foreign key looks past row-level security: it must carry the organisation."""
    for row in await catalogue.fetch(REFERENCES, service):
        assert row["inside"], dict(row)
        assert "organisation_id" in row["columns"] or row["target"].split(".")[-1] in PLATFORM, (
            dict(row)
        )


@pytest.fixture(scope="module")
async def gateway(database: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    urls = database.urls["gateway"]
    settings = GatewaySettings(database_url=urls.request, feed_database_url=urls.feed)
    folder = tmp_path_factory.mktemp("gateway")
    common = Common(service_secret=SECRET, data_dir=folder, log_level="error")
    own = assemble(settings, common, IdentitySettings(failed_sign_in_seconds=0)).own
    assert isinstance(own, Edge)
    async with own.app.router.lifespan_context(own.app):
        yield own


@pytest.mark.parametrize("service", SERVICES)
async def test_every_operation_but_the_public_ones_demands_a_token(
    service: str,
    request: pytest.FixtureRequest,
    contacts: Edge,
    pipeline: Edge,
    tickets: Edge,
    analytics: Edge,
    gateway: Edge,
) -> None:
    app: Edge = request.getfixturevalue(service)
    operations = list(_operations(app.app.openapi()))
    assert len(operations) > 10
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as nobody:
        for method, path, operation in operations:
            is_public = {} in operation["security"] or operation["security"] == []
            answer = await nobody.request(method, re.sub(r"\{\w+\}", "0" * 8, path))
            if not is_public:
                assert answer.status_code == 401, (method, path, answer.text)
            assert answer.status_code < 500, (method, path, answer.text)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


async def test_internal_routes_demand_a_service(
    contacts: Edge, pipeline: Edge, tickets: Edge, analytics: Edge, gateway: Edge
) -> None:
    for app in (contacts, pipeline, tickets, analytics, gateway):
        paths = [path for path in app._named if path.startswith("/internal/")]
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as nobody:
            assert paths
            for path in paths:
                asked = [await nobody.request(method, path) for method in ("GET", "POST")]
                statuses = {answer.status_code for answer in asked}
                assert 401 in statuses <= {401, 405}, path


def test_every_event_that_is_heard_is_told_by_somebody() -> None:
    told = set(_told())
    heard = {pattern for path in sources() for pattern in _heard(path)}
    assert len(heard) >= 4
    silent = {p for p in heard if not any(matches_type(type, [p]) for type in told)}
    assert silent - HEARD_FROM_LATER == set()


def _told() -> Iterator[str]:
    """Event types: of each resource, of the gateway's directory, and those with a verb of their own."""
    for service in SERVICES:
        own = [path for path in sources() if f"guanxi_{service}" in path.parts]
        verbs = {*WRITTEN_BY_THE_KERNEL, *_own_verbs(own)}
        for path in own:
            if path.name == "resources.py":
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                module = import_module(name[name.index("guanxi_") :])
                found = [item for item in vars(module).values() if isinstance(item, Resource)]
                yield from (r.event_type(verb) for r in found for verb in verbs)
    for noun in ("organisation", "user", "team", "share"):
        yield from (f"gateway.{noun}.{verb}" for verb in WRITTEN_BY_THE_KERNEL)


def _own_verbs(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        yield from OWN_VERB.findall(path.read_text(encoding="utf-8"))


def _heard(path: Path) -> Iterator[str]:
    """What `TYPES` of a module with a consumer lists."""
    text = path.read_text(encoding="utf-8")
    if "Consumer(" not in text:
        return
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TYPES":
            yield from ast.literal_eval(node.value)
