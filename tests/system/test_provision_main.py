"""Provisioning from the environment: refusals. That it works, the story of the Compose file shows."""

import pytest

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.provision_main import passwords_of, provision_from, services_of

GIVEN = {
    "GUANXI_DATABASE_URL": "postgresql://postgres:admin@127.0.0.1:1/guanxi",
    "ALPHA_DATABASE_URL": "postgresql://alpha:a%2Fb@db:5432/guanxi",
    "ALPHA_FEED_DATABASE_URL": "postgresql://alpha_feed:f@db:5432/guanxi",
    "ALPHA_OWNER_DATABASE_URL": "postgresql://alpha_owner:o@db:5432/guanxi",
}


def test_services_and_passwords_stand_in_the_urls() -> None:
    assert services_of(GIVEN) == ["alpha"]
    found = passwords_of("alpha", GIVEN)
    assert found == {"alpha": "a/b", "alpha_feed": "f", "alpha_owner": "o"}


@pytest.mark.parametrize(
    "url",
    [None, "postgresql://alpha_owner:f@db/guanxi", "postgresql://alpha_feed@db/guanxi"],
    ids=["missing", "another role", "no password"],
)
async def test_a_url_that_does_not_fit_is_named(url: str | None) -> None:
    environ = {**GIVEN, "ALPHA_FEED_DATABASE_URL": url or ""}
    with pytest.raises(LaunchError, match=r"ALPHA_FEED_DATABASE_URL must be .*alpha_feed:PASSWORD"):
        await provision_from(environ)


@pytest.mark.parametrize("missing", ["GUANXI_DATABASE_URL", "ALPHA_OWNER_DATABASE_URL"])
async def test_without_an_administrator_or_services_it_says_what_to_set(missing: str) -> None:
    environ = {name: value for name, value in GIVEN.items() if name != missing}
    with pytest.raises(LaunchError, match=r"Set GUANXI_DATABASE_URL and"):
        await provision_from(environ)
