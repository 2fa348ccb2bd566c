"""Numbers of the log that a float does not hold come back to the last digit."""

from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.erasing.records import exact_text, exactly

numbers = st.decimals(allow_nan=False, allow_infinity=False) | st.integers()


@given(st.lists(numbers, max_size=5), st.text(max_size=5))
def test_a_text_comes_back_with_the_same_numbers(values: list[Decimal | int], text: str) -> None:
    logged = f"[{', '.join(map(str, values))}]"
    back = exact_text(exactly(logged))
    assert list(map(Decimal, back[1:-1].split(",") if values else [])) == list(map(Decimal, values))
    assert exactly(exact_text({"said": text, "none": None, "is": True})) == {
        "said": text, "none": None, "is": True,
    }  # fmt: skip


def test_a_float_would_not_have_held_it() -> None:
    logged = "123456789012.123456"
    assert exact_text(exactly(logged)) == logged
    assert orjson.dumps(orjson.loads(logged)).decode() != logged
