"""From a value matrix to what is drawn. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_analytics.charts.label_rules import compact

TITLE: Final = {"en": "Value matrix", "zh": "客户价值矩阵"}
ACROSS: Final = {
    "en": "What customers bring (net, in the last year) →",
    "zh": "当前价值（近一年净额）→",
}
UP: Final = {"en": "What they may bring →", "zh": "潜在价值 →"}
SUBTITLE: Final = {
    "en": "fitted until {until} · n: {count:,} customers · {currency}",
    "zh": "拟合截至 {until} · n：{count:,} 位客户 · {currency}",
}
SUMS: Final = {
    "present": {"en": "bring {}", "zh": "当前 {}"},
    "potential": {"en": "may bring {}", "zh": "潜在 {}"},
}
UNCERTAIN: Final = {
    "en": "{count:,} more are uncertain: the interval of what they may bring has the cut inside it.",
    "zh": "另有 {count:,} 位不确定：其潜在价值区间跨越分界线。",
}
CUTS: Final = {"en": "Cut at {} and {}.", "zh": "分界：{} 与 {}。"}
# A sentence about a model is in English only; who reads Chinese is told its verdict.
MODEL: Final = {"en": "The model: {sentence}", "zh": "模型评价：{verdict}"}
VERDICTS: Final = {
    "use": "优于基准，可用", "weak": "证据不足，仅供参考", "no_better": "不优于基准，未采用", "refused": "数据不足，未采用",
}  # fmt: skip
NONE: Final = {"en": "No model has been fitted yet.", "zh": "尚未拟合模型。"}


def matrix_picture(matrices: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """Of the first currency that has quadrants; without any, the sentence that says why."""
    found = next((each for each in matrices if each["quadrants"]), None)
    title = TITLE[language]
    if found is None:
        sentence = _told(matrices[0], language) if matrices else NONE[language]
        return {"title": title, "subtitle": "", "quadrants": {}, "sentence": sentence}
    currency = found["currency"]
    count = sum(each["customers"] for each in found["quadrants"])
    by_name = {each["quadrant"]: each for each in found["quadrants"]}
    notes = [UNCERTAIN[language].format(count=by_name.pop("uncertain")["customers"])]
    if found["cuts"]:
        cuts = (_money(found["cuts"][name], language) for name in ("present", "potential"))
        notes.append(CUTS[language].format(*cuts))
    return {
        "title": title,
        "subtitle": SUBTITLE[language].format(until=found["until"], count=count, currency=currency),
        "across": ACROSS[language], "up": UP[language],
        "notes": [*notes, _told(found, language)],
        "quadrants": {
            name: {
                "label": each["labels"][language], "customers": each["customers"],
                "sums": [
                    words[language].format(_money(each[sum_], language))
                    for sum_, words in SUMS.items() if each[sum_] is not None
                ],
            }
            for name, each in by_name.items()
        },
    }  # fmt: skip


def _told(matrix: Mapping[str, Any], language: str) -> str:
    verdict = VERDICTS.get(matrix["verdict"], matrix["verdict"])
    return MODEL[language].format(sentence=matrix["sentence"], verdict=verdict)


def _money(money: Mapping[str, Any], language: str) -> str:
    return f"{compact(float(money['amount']), 'money', language)} {money['currency']}"
