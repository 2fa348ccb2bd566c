"""Headers that protect browsers: which origins may read answers, and what pages may load."""

from collections.abc import Mapping

from guanxi_gateway.wire import Headers

METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
EXPOSED = (
    b"ETag, Link, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy, "
    b"Idempotent-Replayed, X-Next-After, X-Next-Cursor, X-Unavailable, Content-Disposition, WWW-Authenticate, "
    b"Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Expires"
)
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
HARDENING: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
# The pages for people: their scripts come from here, Swagger UI sets styles by itself.
HARDENING_OF_PAGES: Headers = [
    *HARDENING[:3],
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
        b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
]
PAGES = frozenset({b"/docs", b"/redoc", b"/openapi.json"})


def allow_origin(origins: frozenset[bytes], origin: bytes | None, answer: Headers) -> None:
    """What every answer says to a browser, once any origin is allowed at all."""
    answer.append((b"vary", b"Origin"))
    if origin is not None and origin in origins:
        answer.append((b"access-control-allow-origin", origin))
        answer.append((b"access-control-expose-headers", EXPOSED))


def allow_everybody(headers: Mapping[bytes, bytes], answer: Headers) -> None:
    """What is public may be called by any page, which sends no credential with it."""
    answer.append((b"access-control-allow-origin", b"*"))
    if b"access-control-request-method" in headers:
        answer += [
            (b"access-control-allow-methods", b"GET, HEAD, OPTIONS, POST, PUT"),
            (b"access-control-allow-headers", b"Content-Type, Idempotency-Key"),
            (b"access-control-max-age", b"600"),
        ]


def is_preflight(
    origins: frozenset[bytes], headers: Mapping[bytes, bytes], answer: Headers
) -> bool:
    """Whether a browser asks before it calls; `answer` grows by what a known origin may do."""
    origin = headers.get(b"origin")
    if origin is None or b"access-control-request-method" not in headers:
        return False
    if origin in origins:
        names = headers.get(b"access-control-request-headers", b"Authorization, Content-Type")
        answer += [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", names),
            (b"access-control-max-age", b"600"),
        ]
    return True
