"""Provisions where no supervisor does it: `python -m guanxi_shared.launch.provision_main`.

GUANXI_DATABASE_URL is the administrator's and names the database. Which services there are and
the passwords of their roles stand in the very URLs that the services and their migrations get:
NAME_DATABASE_URL, NAME_FEED_DATABASE_URL, NAME_OWNER_DATABASE_URL.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.provision import provision
from guanxi_shared.launch.roles import roles_of

ADMIN = "GUANXI_DATABASE_URL"
VARIABLES = ("DATABASE_URL", "FEED_DATABASE_URL", "OWNER_DATABASE_URL")
OWNER = "_OWNER_DATABASE_URL"


def services_of(environ: Mapping[str, str]) -> list[str]:
    """Those whose owner's URL is given."""
    return sorted(name.removesuffix(OWNER).lower() for name in environ if name.endswith(OWNER))


def passwords_of(service: str, environ: Mapping[str, str]) -> dict[str, str]:
    """By role; LaunchError where a URL is missing, of another role or without a password."""
    found = {}
    for role, variable in zip(roles_of(service), VARIABLES, strict=True):
        name = f"{service.upper()}_{variable}"
        parts = urlsplit(environ.get(name, ""))
        if parts.username != role or not parts.password:
            raise LaunchError(f"{name} must be postgresql://{role}:PASSWORD@host:port/database.")
        found[role] = unquote(parts.password)
    return found


async def provision_from(environ: Mapping[str, str]) -> list[str]:
    """The services provisioned; warnings go to standard error."""
    services = services_of(environ)
    if not environ.get(ADMIN) or not services:
        raise LaunchError(f"Set {ADMIN} and, for each service NAME, NAME{OWNER} and its like.")
    passwords = {
        role: password
        for service in services
        for role, password in passwords_of(service, environ).items()
    }
    made = await provision(environ[ADMIN], services, passwords, database=None)
    for warning in made.warnings:
        print(warning, file=sys.stderr)
    return services


def main() -> None:
    try:
        services = asyncio.run(provision_from(os.environ))
    except LaunchError as error:
        sys.exit(str(error))
    print(f"provisioned {', '.join(services)}")


if __name__ == "__main__":
    main()
