"""Duties that go round: what fails for one organisation is no other's trouble."""

from contextlib import nullcontext
from uuid import UUID

import pytest

from guanxi_pipeline.conversions import finishing
from guanxi_pipeline.forecasts import days
from guanxi_pipeline.quotes import expiring
from guanxi_pipeline.references import settling
from guanxi_pipeline.win_model import applying
from guanxi_shared.db import Database
from guanxi_shared.rounds import every_organisation, go_round
from tests.factories import Organisation


@pytest.fixture
async def all_of_them(
    organisation: Organisation, other_organisation: Organisation, service_database: Database
) -> list[UUID]:
    found = await every_organisation(service_database)
    assert {organisation.id, other_organisation.id} <= set(found)
    return found


async def test_what_fails_for_one_is_done_for_the_others_and_told(
    service_database: Database, all_of_them: list[UUID]
) -> None:
    done = []

    async def work(organisation: UUID) -> None:
        if organisation == all_of_them[0]:
            raise KeyError("broken")
        done.append(organisation)

    with pytest.raises(KeyError, match="broken"):
        await go_round(service_database, work, what="testing")
    assert done == all_of_them[1:]


@pytest.mark.parametrize(
    ("module", "work", "duty"),
    [(settling, "settle_organisation", settling.settle_references),
     (finishing, "finish_organisation", finishing.finish_conversions),
     (days, "keep_day", days.keep_forecasts), (applying, "apply_in", applying.apply_win_models),
     (expiring, "expire_some", expiring.expire_quotes)],
)  # fmt: skip
async def test_each_duty_reaches_everybody(
    service_database: Database, all_of_them: list[UUID], monkeypatch: pytest.MonkeyPatch,
    module: object, work: str, duty: object,
) -> None:  # fmt: skip
    reached = []

    async def broken(_: object, organisation: UUID, *more: object) -> None:
        reached.append(organisation)
        raise KeyError("broken")

    monkeypatch.setattr(module, work, broken)
    monkeypatch.setattr(finishing, "house_of", nullcontext)
    with pytest.raises(KeyError, match="broken"):
        await duty.duty(service_database)  # type: ignore[attr-defined]
    assert reached == all_of_them
