"""An answer of which there is a picture, too, in the form that is wanted."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from guanxi_analytics.press import forms
from guanxi_analytics.press.beside import press_of
from guanxi_shared.calls import Call
from guanxi_shared.json_answers import JSON_OPTIONS

VARY: Final = {"vary": "Accept"}


def as_json(found: Any) -> Response:
    body = orjson.dumps(found, option=JSON_OPTIONS)
    return Response(body, media_type=forms.TYPES["json"], headers=VARY)


async def as_picture(call: Call, picture: Mapping[str, Any], form: str) -> Response:
    body = await press_of(call.house).make("chart", {"picture": picture, "format": form})
    return Response(body, media_type=forms.TYPES[form], headers=VARY)
