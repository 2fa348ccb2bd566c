"""Contacts over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.belongings.described import deletes
from guanxi_contacts.belongings.schemas import ContactDeleted
from guanxi_contacts.belongings.service import wants_children
from guanxi_contacts.cards import service as cards
from guanxi_contacts.duplicates.on_create import ON_DUPLICATE, create_unless_duplicate
from guanxi_contacts.people import service
from guanxi_contacts.people.schemas import ContactCreate, ContactUpdate
from guanxi_contacts.resources import CONTACTS
from guanxi_shared import documents, history, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.erasing.tombstones import demand_not_erased, or_gone
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.survivors import MOVED

router = APIRouter(tags=["contacts"])
PATH = "/v1/contacts"
ONE = PATH + "/{contact_id}"


@router.get(ONE, **documents.gets(CONTACTS, also=MOVED, refused=(410,)))
@hot
async def get_contact(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    contact_id = request.path_params["contact_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        await demand_not_erased(call, CONTACTS, id_in_path(contact_id))
        return await history.get_as_of(call, CONTACTS, contact_id, moment)
    return await or_gone(call, CONTACTS, contact_id, cards.get_record(call, CONTACTS, contact_id))


@router.get(PATH, **documents.lists(CONTACTS))
@hot
async def list_contacts(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    return await cards.list_records(call, CONTACTS)


@router.post(PATH + "/search", **documents.searches(CONTACTS))
@hot
async def search_contacts(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    return await cards.search_records(call, CONTACTS)


@router.post(PATH, **documents.creates(CONTACTS, ContactCreate, parameters=[ON_DUPLICATE]))
@hot
async def create_contact(request: Request) -> Response:
    call = await begin(request, "contacts:create")
    return await create_unless_duplicate(
        call, CONTACTS, ContactCreate, service.create_contact, path=PATH
    )


@router.patch(ONE, **documents.updates(CONTACTS, ContactUpdate, refused=(410,)))
@hot
async def update_contact(request: Request) -> Response:
    call = await begin(request, "contacts:update")
    contact_id, version = id_in_path(request.path_params["contact_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        ContactUpdate,
        lambda connection, data: service.update_contact(
            call, connection, contact_id, data, version
        ),
    )


@router.delete(ONE, **deletes(CONTACTS, ContactDeleted))
async def delete_contact(request: Request) -> Response:
    call = await begin(request, "contacts:delete")
    contact_id, version = id_in_path(request.path_params["contact_id"]), writes.wanted_version(call)
    with_children = wants_children(call)
    return await writes.act(
        call,
        lambda connection: service.delete_contact(
            call, connection, contact_id, version, with_children=with_children
        ),
    )


@router.post(
    ONE + "/restore",
    **documents.acts(
        CONTACTS,
        "restore",
        "Bring a deleted contact back, with the children that went with it",
        refused=(410,),
    ),
)
async def restore_contact(request: Request) -> Response:
    call = await begin(request, "contacts:delete")
    contact_id = id_in_path(request.path_params["contact_id"])
    return await writes.act(
        call, lambda connection: service.restore_contact(call, connection, contact_id)
    )


@router.get(ONE + "/history", **documents.histories(CONTACTS))
async def get_contact_history(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    return await history.get_history(call, CONTACTS, request.path_params["contact_id"])


VERBS = Verbs(
    create_model=ContactCreate,
    update_model=ContactUpdate,
    create=service.create_contact,
    update=service.update_contact,
    delete=service.delete_contact,
    find=service.find_contacts,
)


@router.post(PATH + "/batch", **documents.batches(CONTACTS, BatchRequest, BatchAnswer))
async def batch_contacts(request: Request) -> Response:
    return await run_batch(await begin(request, None), CONTACTS, VERBS)
