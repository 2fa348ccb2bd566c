"""Every route of a service, present and future: they come from its own OpenAPI document."""

from collections.abc import Iterator

from guanxi_shared.edge import Edge

METHODS = ("get", "post", "patch", "put", "delete")
NOBODY = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"


def operations(app: Edge, *, public: bool = True) -> Iterator[tuple[str, str]]:
    """Method and path; without `public` those alone that demand a principal."""
    for path, item in app.app.openapi()["paths"].items():
        for method in METHODS:
            if method in item and (public or item[method]["security"]):
                yield method, path


class Ids(dict[str, str]):
    """Ids that are not given name nothing."""

    def __missing__(self, key: str) -> str:
        return NOBODY
