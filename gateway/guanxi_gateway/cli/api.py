"""The public API as the command line uses it: signs in, asks again, says what was refused."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from guanxi_gateway.cli.running import gateway_url
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.settings import LaunchSettings

SECONDS = 60.0
MOST_TRIES = 5

Url = Annotated[
    str | None,
    typer.Option(help="Where Guanxi is; the one on this machine if absent.", envvar="GUANXI_URL"),
]
Email = Annotated[str | None, typer.Option(help="Whom to sign in as.", envvar="GUANXI_EMAIL")]
Password = Annotated[
    str | None, typer.Option(help="Better given by the environment.", envvar="GUANXI_PASSWORD")
]
ApiKey = Annotated[
    str | None, typer.Option(help="Instead of e-mail and password.", envvar="GUANXI_API_KEY")
]


@dataclass(frozen=True, slots=True)
class Credentials:
    email: str | None
    password: str | None
    api_key: str | None


class Api:
    """Requests in somebody's name; a token that has run out is renewed by signing in again."""

    def __init__(self, url: str | None, credentials: Credentials) -> None:
        base = url or gateway_url(LaunchSettings.from_environment())
        self._client = httpx.Client(base_url=base, timeout=SECONDS)
        self._credentials = credentials
        self._authorise()

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        return self.request("GET", path).json()

    def post(self, path: str, body: Any) -> Any:
        return self.request("POST", path, json=body).json()

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The answer, if it is a good one; a sentence as LaunchError otherwise."""
        for attempt in range(1, MOST_TRIES + 1):
            try:
                answer = self._client.request(method, path, **content)
            except httpx.TransportError as error:
                raise LaunchError(f"{self._client.base_url} cannot be reached: {error}.") from error
            if answer.is_success:
                return answer
            if answer.status_code == 401 and self._credentials.api_key is None and attempt == 1:
                self._authorise()
            elif (
                answer.status_code in (429, 503) and attempt < MOST_TRIES and "files" not in content
            ):
                time.sleep(min(float(answer.headers.get("retry-after", "1")), 10.0))
            else:
                break
        raise LaunchError(sentence_of(answer))

    def download(self, path: str, target: Path) -> None:
        with self._client.stream("GET", path) as answer:
            if not answer.is_success:
                answer.read()
                raise LaunchError(sentence_of(answer))
            with target.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)

    def _authorise(self) -> None:
        key = self._credentials.api_key or self._sign_in()
        self._client.headers["authorization"] = f"Bearer {key}"

    def _sign_in(self) -> str:
        email, password = self._credentials.email, self._credentials.password
        if not email or not password:
            raise LaunchError("Say who you are: --api-key, or --email and --password.")
        body = {"email": email, "password": password}
        try:
            answer = self._client.post("/v1/auth/sign-in", json=body)
        except httpx.TransportError as error:
            raise LaunchError(f"{self._client.base_url} cannot be reached: {error}.") from error
        if not answer.is_success:
            raise LaunchError(sentence_of(answer))
        return str(answer.json()["access_token"])


def sentence_of(answer: httpx.Response) -> str:
    """A problem's own words, with each field that it names."""
    try:
        problem: Mapping[str, Any] = answer.json()
        lines = [str(problem["detail"])]
        lines += [f"  {field}: {said}" for field, said in problem.get("errors", {}).items()]
        return "\n".join(lines)
    except (ValueError, KeyError, AttributeError):
        return f"{answer.request.method} {answer.request.url} answered {answer.status_code}."
