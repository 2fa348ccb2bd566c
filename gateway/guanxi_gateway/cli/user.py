"""guanxi user: the people of an organisation, looked after by whoever runs the suite."""

import secrets
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from guanxi_gateway.cli.operator import Operator, choose_organisation
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.settings import LaunchSettings

PASSWORD_BYTES = 12

user = typer.Typer(help="List, make and look after users.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

Email = Annotated[str, typer.Argument(help="The user's e-mail address", metavar="EMAIL")]
Where = Annotated[
    str | None,
    typer.Option("--organisation", "-o", help="Its id or name; not needed while there is one"),
]
Typed = Annotated[
    bool, typer.Option("--type", help="Ask for the password here instead of making one")
]


@user.command("list")
def list_users(organisation: Where = None) -> None:
    """Show everybody of an organisation."""
    with _operator(organisation) as operator:
        teams = {team["id"]: team["name"] for team in operator.everything("/v1/teams")}
        people = sorted(operator.everything("/v1/users"), key=lambda each: str(each["email"]))
    table = Table(Column("e-mail", overflow="fold"), "name", "role", "teams", "", highlight=False)
    for each in people:
        named = ", ".join(sorted(teams.get(team, team) for team in each["team_ids"]))
        cells = (each["email"], each["name"], each["role"], named, _remark(each))
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


@user.command("create")
def create_user(
    email: Email,
    name: Annotated[str, typer.Option(help="As people write it")],
    role: Annotated[str, typer.Option(help="admin, manager, sales, … or a role of your own")],
    team: Annotated[
        list[str] | None, typer.Option(help="Name or id of a team; may be repeated")
    ] = None,
    invite: Annotated[
        bool, typer.Option("--invite", help="Send a link instead of making a password")
    ] = False,
    organisation: Where = None,
) -> None:
    """Make a user with a password that is shown once, or invite one by mail."""
    with _operator(organisation) as operator:
        wanted: dict[str, Any] = {"email": email, "name": name, "role": role}
        wanted["team_ids"] = _team_ids(operator, team or [])
        if invite:
            made = operator.ask("POST", "/v1/invitations", wanted)
            console.print(f"{made['email']} is invited as {role}, by this link:", markup=False)
            console.print(made["link"], markup=False)
            return
        password = new_password()
        made = operator.ask("POST", "/v1/users", {**wanted, "password": password})
    console.print(f"{made['email']} is a user now ({role}).", markup=False)
    _show_password(password)


@user.command("set-password")
def set_password(email: Email, typed: Typed = False, organisation: Where = None) -> None:
    """Give a user a new password, shown once; it ends their sessions."""
    with _operator(organisation) as operator:
        found = _find(operator, email)
        password = _ask_for_password() if typed else new_password()
        operator.ask("PATCH", f"/v1/users/{found['id']}", {"password": password})
    console.print(f"{found['email']} has a new password, and is signed out.", markup=False)
    if not typed:
        _show_password(password)


@user.command("deactivate")
def deactivate_user(email: Email, organisation: Where = None) -> None:
    """Shut a user out at once; nothing of theirs is deleted."""
    with _operator(organisation) as operator:
        found = _find(operator, email)
        operator.ask("PATCH", f"/v1/users/{found['id']}", {"is_active": False})
    console.print(f"{found['email']} cannot sign in any more.", markup=False)


@user.command("activate")
def activate_user(email: Email, organisation: Where = None) -> None:
    """Let a user in again."""
    with _operator(organisation) as operator:
        found = _find(operator, email)
        operator.ask("PATCH", f"/v1/users/{found['id']}", {"is_active": True})
    console.print(f"{found['email']} can sign in again.", markup=False)


@user.command("organisation-create")
def create_organisation(
    name: Annotated[str, typer.Argument(help="The company's name")],
    admin_email: Annotated[str, typer.Option(help="E-mail address of its first admin")],
    admin_name: Annotated[str, typer.Option(help="Name of its first admin")] = "Admin",
    time_zone: Annotated[str, typer.Option(help="IANA name, e.g. Asia/Shanghai")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217")] = "CNY",
    region: Annotated[str, typer.Option(help="Country of phone numbers without a prefix")] = "CN",
) -> None:
    """Make an organisation and its first admin, whose password is shown once."""
    password = new_password()
    wanted = {
        "name": name,
        "time_zone": time_zone,
        "currency": currency,
        "region": region,
        "admin": {"email": admin_email, "name": admin_name, "password": password},
    }
    with Operator(LaunchSettings.from_environment()) as operator:
        made = operator.ask("POST", "/v1/organisations", wanted)
    console.print(f"{made['name']} is made: {made['id']}", markup=False)
    console.print(f"Its admin is {admin_email}.", markup=False)
    _show_password(password)


def new_password() -> str:
    """Sixteen random characters: good enough to keep, meant to be changed."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _operator(organisation: str | None) -> Operator:
    settings = LaunchSettings.from_environment()
    return Operator(settings, choose_organisation(settings, organisation))


def _find(operator: Operator, email: str) -> dict[str, Any]:
    wanted = email.strip().casefold()
    for each in operator.everything("/v1/users"):
        if each["email"].casefold() == wanted:
            return each
    raise LaunchError(f"There is no user with the address {email!r}; guanxi user list shows all.")


def _team_ids(operator: Operator, wanted: list[str]) -> list[str]:
    if not wanted:
        return []
    teams = list(operator.everything("/v1/teams"))
    return [_team_id(teams, each) for each in wanted]


def _team_id(teams: list[dict[str, Any]], wanted: str) -> str:
    found = [team for team in teams if wanted in (team["id"], team["name"])]
    if len(found) != 1:
        how = "no team" if not found else f"{len(found)} teams, so use the id of one,"
        raise LaunchError(f"There is {how} with the name {wanted!r}.")
    return str(found[0]["id"])


def _remark(person: dict[str, Any]) -> str:
    remarks = {"inactive": not person["is_active"], "two factors": person["has_second_factor"]}
    return ", ".join(word for word, holds in remarks.items() if holds)


def _ask_for_password() -> str:
    typed: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    return typed


def _show_password(password: str) -> None:
    console.print(f"Password, shown this once: {password}", markup=False)
    console.print("They choose their own with POST /v1/me/password.")
