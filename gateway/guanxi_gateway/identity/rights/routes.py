"""What a user may do and see now, for services that keep working for somebody who is not there."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.grants import Holder, grant_for
from guanxi_shared.calls import begin_internal, house
from guanxi_shared.errors import NotFound, Unauthenticated
from guanxi_shared.identifiers import id_in_path, new_id

router = APIRouter(include_in_schema=False)


@router.get("/internal/rights/{user_id}")
async def get_rights(request: Request) -> Response:
    """Of the organisation that the service's token names. NotFound when the user is gone or inactive."""
    organisation = (await begin_internal(request)).organisation
    user_id = id_in_path(request.path_params["user_id"])
    async with house(request).db.transaction(organisation) as connection:
        try:
            grant = await grant_for(connection, Holder(organisation, user_id, new_id()))
        except Unauthenticated as error:
            raise NotFound(f"There is no active user with the id {str(user_id)!r}.") from error
    told = {
        "role": grant.role,
        "permissions": sorted(grant.permissions),
        "visibility": grant.visibility,
    }
    return Response(orjson.dumps(told), media_type="application/json")
