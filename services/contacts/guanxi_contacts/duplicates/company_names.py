"""A company's name without what every company has: its legal form, and how it happens to be spelt."""

import re
from functools import lru_cache

from guanxi_shared.pinyin import pinyin_of, run_readings
from guanxi_shared.text import normalise

LONGEST_NAME = 120
MOST_READINGS = 3
FEWEST_CHARACTERS = 2  # what must be left of a Chinese name: 新公司 is no company called 新

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_CJK = _HAN + "\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\uac00-\ud7a3"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_SPACE_IN_CJK = re.compile(f"(?<=[{_CJK}]) +(?=[{_CJK}])")
_DOTTED = re.compile(r"[./'`]+")
_NOT_A_WORD = re.compile(r"[\W_]+")

# A company of a country, not a company for it: (中国)有限公司, Acme (China) Co., Ltd.
_COUNTRY = re.compile(r"[(\[{<【《]\s*(?:中国|中华人民共和国|china|prc)\s*[)\]}>】》]")
_ABBREVIATED = {
    "(株)": " 株式会社 ",
    "(有)": " 有限会社 ",
    "(주)": " 주식회사 ",
    "(유)": " 유한회사 ",
}

# As `normalise` leaves them: simplified characters, lower case, no accents, no dots.
_CJK_FORMS = (
    "股份有限公司", "有限责任公司", "责任有限公司", "有限公司", "集团公司", "总公司", "公司", "集团", "控股",
    "有限合伙", "普通合伙", "合伙企业", "个人独资企业",
    "株式会社", "有限会社", "合同会社", "合资会社", "合名会社", "一般社団法人", "一般社团法人",
    "주식회사", "유한회사", "유한책임회사",
)  # fmt: skip
_CJK_FIRST = ("株式会社", "有限会社", "合同会社", "주식회사", "유한회사")
_LATIN_FORMS = """
ltd|limited|co|company|corp|corporation|inc|incorporated|llc|llp|lllp|lp|pllc|plc|pc|pte|pty|pvt|private|public
group|holding|holdings|bhd|sdn bhd|sdn|tbk|cv|kk|kabushiki kaisha|yk|gk|godo kaisha
gmbh|mbh|ggmbh|ag|kg|kgaa|ohg|gbr|ug|ug haftungsbeschrankt|ek|ev|eg|se|stiftung|gesmbh
sa|s a|sas|sasu|sarl|sa rl|s a r l|s r l|b v|l l c|g m b h|eurl|snc|sca|scs|scop|sci|srl|spa|sapa|sdf|ss|scarl|scrl|sprl|bvba|nv|bv|vof|cvba|asbl|vzw
sl|slu|sau|sll|sc|sa de cv|s de rl de cv|s de rl|sapi de cv|ltda|eireli|epp|sociedad anonima|cia
oy|oyj|ab|publ|as|asa|aps|ivs|ans|da|hf|ehf|ou|uab|sia|kft|zrt|nyrt|bt|rt|spol|sro|doo|dd|ad|ood|eood|ead
sp z oo|sp zoo|spzoo|sp k|sp j|sk|ooo|zao|oao|pao|ao|too|tov|pat|prat|sti|ltd sti|anonim sirketi
limited sirketi|limited liability company|proprietary limited|joint stock company|jsc|ojsc|cjsc|pjsc|llc fz|fze|fzco|wll
""".replace("\n", "|").strip("|")
_LATIN_FIRST = frozenset({"the", "pt", "ooo", "zao", "oao", "pao", "tov", "cv"})
_LATIN = frozenset(tuple(form.split()) for form in _LATIN_FORMS.split("|"))
_MOST_WORDS = max(map(len, _LATIN))
_JOINING = frozenset({"and", "und", "et", "y", "e", "og", "och"})


@lru_cache(maxsize=1024)
def compact_company_name(name: str) -> str:
    """北京未來科技（中国）股份有限公司 and 北京 未来科技 are 北京未来科技, Acme Co., Ltd. and ACME are acme.

    Folded by `normalise`, without brackets, punctuation, spaces, legal forms of many countries and
    the words between names (and, &). A name that is nothing but a legal form keeps some of it; one
    without a letter or digit is empty.
    """
    text = _COUNTRY.sub(" ", normalise(name[:LONGEST_NAME]))
    for short, whole in _ABBREVIATED.items():
        text = text.replace(short, whole)
    text = " ".join(_NOT_A_WORD.sub(" ", _DOTTED.sub("", text)).split())
    while (bare := _without_cjk_form(_without_latin_form(text))) != text:
        text = bare
    return text.replace(" ", "")


def readings_of(compact: str) -> tuple[str, ...]:
    """How a compact name is read in Latin letters, at most three ways, the likeliest first; none of
    a name without Chinese characters. Letters between are kept: TCL科技 is tclkeji."""
    runs = _HAN_RUN.findall(compact)
    if not runs or sum(map(len, runs)) < FEWEST_CHARACTERS:
        return ()
    if runs == [compact]:
        return pinyin_of(run_readings(compact)).full[:MOST_READINGS]
    return (_HAN_RUN.sub(lambda run: "".join(w[0] for w in run_readings(run[0])), compact),)


def _without_latin_form(text: str) -> str:
    first, *rest = text.split() or [""]
    words = [first, *(word for word in rest if word not in _JOINING)]
    while len(words) > 1 and words[0] in _LATIN_FIRST:
        words = words[1:]
    while (length := _form_at_end(words)) > 0:
        words = words[:-length]
    return " ".join(words)


def _form_at_end(words: list[str]) -> int:
    """How many words at the end are a legal form; 0 if none, or if nothing would be left."""
    for length in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        if tuple(words[-length:]) in _LATIN:
            return length
    return 0


def _without_cjk_form(text: str) -> str:
    text = _SPACE_IN_CJK.sub("", text)
    for form in _CJK_FORMS:
        if text.endswith(form) and len(text) - len(form) >= FEWEST_CHARACTERS:
            return text.removesuffix(form).strip()
    for form in _CJK_FIRST:
        if text.startswith(form) and len(text) - len(form) >= FEWEST_CHARACTERS:
            return text.removeprefix(form).strip()
    return text
