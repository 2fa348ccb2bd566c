"""Accounts over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.accounts import service
from guanxi_contacts.accounts.org_chart import read_org_chart
from guanxi_contacts.accounts.schemas import AccountCreate, AccountUpdate, OrgChart
from guanxi_contacts.belongings.described import deletes
from guanxi_contacts.belongings.schemas import AccountDeleted
from guanxi_contacts.belongings.service import wants_children
from guanxi_contacts.cards import service as cards
from guanxi_contacts.duplicates.on_create import ON_DUPLICATE, create_unless_duplicate
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared import documents, history, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.erasing.tombstones import demand_not_erased, or_gone
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.survivors import MOVED

router = APIRouter(tags=["accounts"])
PATH = "/v1/accounts"
ONE = PATH + "/{account_id}"


@router.get(ONE, **documents.gets(ACCOUNTS, also=MOVED, refused=(410,)))
@hot
async def get_account(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    account_id = request.path_params["account_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        await demand_not_erased(call, ACCOUNTS, id_in_path(account_id))
        return await history.get_as_of(call, ACCOUNTS, account_id, moment)
    return await or_gone(call, ACCOUNTS, account_id, cards.get_record(call, ACCOUNTS, account_id))


@router.get(PATH, **documents.lists(ACCOUNTS))
@hot
async def list_accounts(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    return await cards.list_records(call, ACCOUNTS)


@router.post(PATH + "/search", **documents.searches(ACCOUNTS))
@hot
async def search_accounts(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    return await cards.search_records(call, ACCOUNTS)


@router.post(PATH, **documents.creates(ACCOUNTS, AccountCreate, parameters=[ON_DUPLICATE]))
@hot
async def create_account(request: Request) -> Response:
    call = await begin(request, "accounts:create")
    return await create_unless_duplicate(
        call, ACCOUNTS, AccountCreate, service.create_account, path=PATH
    )


@router.patch(ONE, **documents.updates(ACCOUNTS, AccountUpdate, refused=(410,)))
@hot
async def update_account(request: Request) -> Response:
    call = await begin(request, "accounts:update")
    account_id, version = id_in_path(request.path_params["account_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        AccountUpdate,
        lambda connection, data: service.update_account(
            call, connection, account_id, data, version
        ),
    )


@router.delete(ONE, **deletes(ACCOUNTS, AccountDeleted))
async def delete_account(request: Request) -> Response:
    call = await begin(request, "accounts:delete")
    account_id, version = id_in_path(request.path_params["account_id"]), writes.wanted_version(call)
    with_children = wants_children(call)
    return await writes.act(
        call,
        lambda connection: service.delete_account(
            call, connection, account_id, version, with_children=with_children
        ),
    )


@router.post(
    ONE + "/restore",
    **documents.acts(
        ACCOUNTS,
        "restore",
        "Bring a deleted account back, with the children that went with it",
        refused=(410,),
    ),
)
async def restore_account(request: Request) -> Response:
    call = await begin(request, "accounts:delete")
    account_id = id_in_path(request.path_params["account_id"])
    return await writes.act(
        call, lambda connection: service.restore_account(call, connection, account_id)
    )


@router.get(ONE + "/history", **documents.histories(ACCOUNTS))
async def get_account_history(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    return await history.get_history(call, ACCOUNTS, request.path_params["account_id"])


VERBS = Verbs(
    create_model=AccountCreate,
    update_model=AccountUpdate,
    create=service.create_account,
    update=service.update_account,
    delete=service.delete_account,
    find=service.find_accounts,
)


@router.post(PATH + "/batch", **documents.batches(ACCOUNTS, BatchRequest, BatchAnswer))
async def batch_accounts(request: Request) -> Response:
    return await run_batch(await begin(request, None), ACCOUNTS, VERBS)


@router.get(
    ONE + "/org-chart",
    **documents.operation(
        "get_account_org_chart",
        "The account's people as a tree of who reports to whom, with their roles in its buying centre",
        parameters=[documents.path_id("account_id")],
        response_model=OrgChart,
        responses=documents.problems(404),
    ),
)
async def get_account_org_chart(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    call.by.demand("contacts:read")
    chart = await read_org_chart(call, id_in_path(request.path_params["account_id"]))
    return Response(OrgChart.model_validate(chart).model_dump_json(), media_type="application/json")
