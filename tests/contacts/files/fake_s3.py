"""As much of S3 as a client of files needs, and as strict: every request's SigV4 signature is
checked (AWS, Signature Version 4), so that a client that signs wrongly is refused as S3 would."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from uuid import uuid4
from xml.sax.saxutils import escape, unescape

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<signed>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
Answer = tuple[int, dict[str, str], bytes]


class FakeS3:
    """An ASGI app with one bucket."""

    def __init__(self, *, bucket: str, key_id: str, secret: str) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refused = 0
        self.url = ""
        self._bucket, self._key_id, self._secret = bucket, key_id, secret

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, headers, content = self._answer(scope, body)
        headers["content-length"] = str(len(content))
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Any, body: bytes) -> Answer:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if not self._is_signed(scope, headers, body):
            self.refused += 1
            return _error(403, "SignatureDoesNotMatch")
        path = unquote(scope["raw_path"].decode())
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        bucket, _, key = path.removeprefix("/").partition("/")
        if bucket != self._bucket:
            return _error(404, "NoSuchBucket")
        if not key:
            return self._forget(body) if "delete" in query else self._list(query.get("prefix", ""))
        verb = getattr(self, f"_{scope['method'].lower()}")
        answer: Answer = verb(key, query, headers, body)
        return answer

    def _is_signed(self, scope: Any, headers: dict[str, str], body: bytes) -> bool:
        found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if found is None or found["key"] != self._key_id:
            return False
        digest = headers.get("x-amz-content-sha256", "")
        if digest not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return False
        names = found["signed"].split(";")
        pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        query = "&".join(
            f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(pairs)
        )
        signed = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
        canonical = "\n".join(
            [scope["method"], scope["raw_path"].decode(), query, signed, found["signed"], digest]
        )
        text = "\n".join(
            ["AWS4-HMAC-SHA256", headers["x-amz-date"], found["scope"],
             hashlib.sha256(canonical.encode()).hexdigest()]
        )  # fmt: skip
        key = f"AWS4{self._secret}".encode()
        for part in found["scope"].split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        wanted = hmac.new(key, text.encode(), "sha256").hexdigest()
        return hmac.compare_digest(wanted, found["signature"])

    def _put(self, key: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        if "uploadId" in query:
            self.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.objects[key] = (body, datetime.now(UTC))
        return 200, {"etag": f'"{hashlib.md5(body).hexdigest()}"'}, b""

    def _post(
        self, key: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        if "uploads" in query:
            upload = uuid4().hex
            self.parts[upload] = {}
            inside = f"<Bucket>{self._bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>"
            return _xml("InitiateMultipartUploadResult", inside)
        parts = self.parts.pop(query["uploadId"])
        whole = b"".join(content for _, content in sorted(parts.items()))
        self.objects[key] = (whole, datetime.now(UTC))
        return _xml(
            "CompleteMultipartUploadResult", f'<Key>{escape(key)}</Key><ETag>"{uuid4().hex}"</ETag>'
        )

    def _get(self, key: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        content, moment = self.objects[key]
        told = {"last-modified": format_datetime(moment, usegmt=True), "etag": '"x"'}
        found = RANGE.fullmatch(headers.get("range", ""))
        if found is None:
            return 200, told, content
        first, last = int(found[1]), min(int(found[2]), len(content) - 1)
        told["content-range"] = f"bytes {first}-{last}/{len(content)}"
        return 206, told, content[first : last + 1]

    def _forget(self, body: bytes) -> Answer:
        keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body.decode())]
        for key in keys:
            self.objects.pop(key, None)
        return _xml(
            "DeleteResult", "".join(f"<Deleted><Key>{escape(k)}</Key></Deleted>" for k in keys)
        )

    def _list(self, prefix: str) -> Answer:
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{moment:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f'<ETag>"x"</ETag><Size>{len(content)}</Size></Contents>'
            for key, (content, moment) in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return _xml(
            "ListBucketResult", f"<Name>{self._bucket}</Name><IsTruncated>false</IsTruncated>{rows}"
        )


def _xml(name: str, inside: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name}>{inside}</{name}>'
    return 200, {"content-type": "application/xml"}, text.encode()


def _error(status: int, code: str) -> Answer:
    return (
        status,
        {"content-type": "application/xml"},
        f"<Error><Code>{code}</Code></Error>".encode(),
    )
