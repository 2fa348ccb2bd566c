"""OAuth's own form of an error (RFC 6749 5.2): clients of that protocol read nothing else."""

from typing import Any

from guanxi_gateway.identity.oauth_rules import OAuthCode
from guanxi_shared.errors import Problem

SENTENCES = {
    OAuthCode.INVALID_REQUEST: "A parameter is missing, repeated or malformed.",
    OAuthCode.INVALID_CLIENT: "The client is not known, or could not prove what it is.",
    OAuthCode.INVALID_GRANT: "The code or token is not valid, was used, or belongs to another client.",
    OAuthCode.UNAUTHORIZED_CLIENT: "This client may not use this grant.",
    OAuthCode.UNSUPPORTED_GRANT_TYPE: "This grant is not supported.",
    OAuthCode.UNSUPPORTED_RESPONSE_TYPE: "Only the response type `code` is supported.",
    OAuthCode.INVALID_SCOPE: "A scope is beyond what was registered.",
    OAuthCode.ACCESS_DENIED: "The user said no.",
    OAuthCode.AUTHORIZATION_PENDING: "The user has not decided yet.",
    OAuthCode.SLOW_DOWN: "Ask less often: five seconds more between two polls.",
    OAuthCode.EXPIRED_TOKEN: "The device code has expired; begin anew.",
}


class OAuthProblem(Problem):
    """Answered as `{"error", "error_description"}` beside the usual problem fields."""

    status, code, title = 400, "oauth", "The token request is refused"

    def __init__(self, error: OAuthCode, detail: str | None = None) -> None:
        sentence = detail or SENTENCES[error]
        headers = {"Cache-Control": "no-store"}
        if error is OAuthCode.INVALID_CLIENT:
            headers["WWW-Authenticate"] = 'Basic realm="guanxi"'
        super().__init__(sentence, code=error.value, headers=headers)
        self.error = error

    def as_dict(self, request_id: str | None = None) -> dict[str, Any]:
        found = super().as_dict(request_id)
        return {**found, "error": self.error.value, "error_description": self.detail}


class UnknownClient(OAuthProblem):
    status = 401

    def __init__(self) -> None:
        super().__init__(OAuthCode.INVALID_CLIENT)
