"""The failures webhooks have names for."""

from guanxi_shared.errors import Conflict, Invalid


class UrlNotCalled(Invalid):
    code, title = "url_not_called", "This URL is not called"


class FilterNotUnderstood(Invalid):
    code, title = "broken_filter", "A filter names what does not exist"


class EndpointDisabled(Conflict):
    code, title = "endpoint_disabled", "This endpoint is switched off"
