"""scikit-learn is as large as the service: only the process that learns carries it."""

import pytest

from tests.carried import carried


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("guanxi_pipeline.app", []),
        ("guanxi_pipeline.jobs", []),
        ("sklearn", ["numpy", "scipy", "sklearn"]),
    ],
)
def test_neither_service_nor_worker_imports_it(module: str, expected: list[str]) -> None:
    assert carried(module, "sklearn", "scipy", "numpy") == expected
