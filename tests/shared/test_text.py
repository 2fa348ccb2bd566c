import sys
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_shared import folding, text
from guanxi_shared.text import (
    LONGEST_GRAM_SOURCE,
    SearchQuery,
    classify_query,
    escape_like,
    normalise,
    pinyin_forms,
    search_digits,
    search_grams,
    search_text,
)

CHINESE = "张王李陈单曾吕乐长重行欧阳北京未来科技有限公司银行股份贸易国际汽车"
any_text = st.text(st.characters(), max_size=60)
with_surrogates = st.lists(st.integers(0, sys.maxunicode), max_size=30).map(
    lambda codes: "".join(map(chr, codes))
)
chinese_names = st.text(CHINESE, min_size=1, max_size=12)
names = st.one_of(
    chinese_names,
    st.sampled_from(["Müller GmbH", "TCL科技集团", "约翰·史密斯", "O’Neil & Co.", "김철수"]),
    any_text,
)


def matches(query: str, *parts: str, numbers: tuple[str, ...] = ()) -> bool:
    """What the SQL in the docstring of SearchQuery does, for one row."""
    asked = classify_query(query)
    text, grams, digits = search_text(*parts), search_grams(*parts), search_digits(numbers)
    by_digits = asked.digits is not None and asked.digits in digits
    if not (asked.grams or asked.patterns):
        return by_digits
    return by_digits or (
        set(asked.grams) <= set(grams)
        and all(_unescaped(pattern) in text for pattern in asked.patterns)
    )


def _unescaped(pattern: str) -> str:
    inner = pattern.removeprefix("%").removesuffix("%")
    return inner.replace("\\%", "%").replace("\\_", "_").replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("張三", "张三"),
        ("乾隆", "干隆"),
        ("ＡＢＣ　公司", "abc 公司"),
        ("  Müller \t&\nSöhne ", "muller & sohne"),
        ("Straße", "strasse"),
        ("ŁÓDŹ, Øresund, Æbelø", "lodz, oresund, aebelo"),
        ("İstanbul", "istanbul"),
        ("Việt Đức", "viet duc"),
        ("Ёлка й", "елка и"),
        ("Ἀθῆναι", "αθηναι"),
        ("が ﾊﾞ ギ", "が バ ギ"),
        ("한국", "한국"),
        ("हिन्दी", "हिन्दी"),
        ("O’Neil – “x” ・", 'o\'neil - "x" ·'),
        ("a\x00b\u200bc\ufeff", "a bc"),
        ("葛\U000e0100城", "葛城"),
        ("\ud800a\udfff", "a"),
        ("㈱東芝", "(株)东芝"),
        ("", ""),
    ],
)
def test_text_folds_to_one_spelling(typed: str, folded: str) -> None:
    assert normalise(typed) == folded


@settings(deadline=None)
@given(st.one_of(any_text, with_surrogates))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "\x00" not in once
    once.encode()


def test_every_character_folds_to_something_stable() -> None:
    assigned = (chr(code) for code in range(0x20000) if category(chr(code)) not in ("Cn", "Co"))
    for char in assigned:
        once = normalise(char)
        assert normalise(once) == once


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("张三", ("zhangsan", "zs")),
        ("張 三", ("zhangsan", "zs")),
        ("欧阳修", ("ouyangxiu", "oyx")),
        ("吕布", ("lvbu", "lubu", "lb")),
        ("北京未来科技有限公司", ("beijingweilaikejiyouxiangongsi", "bjwlkjyxgs")),
        ("约翰·史密斯", ("yuehanshimisi", "yhsms")),
        ("TCL科技", ("keji", "tclkeji", "kj", "tclkj")),
        ("Müller", ()),
        ("plain", ()),
    ],
)
def test_pinyin_is_given_whole_and_as_initials(name: str, forms: tuple[str, ...]) -> None:
    assert pinyin_forms(name) == forms


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("单雄信", "shanxiongxin"),
        ("曾国藩", "zengguofan"),
        ("仇英", "qiuying"),
        ("解缙", "xiejin"),
        ("区大相", "oudaxiang"),
        ("尉迟恭", "yuchigong"),
        ("万俟卨", "moqixie"),
        ("重庆长安银行", "chongqingchanganyinhang"),
        ("单位", "danwei"),
    ],
)
def test_the_likeliest_reading_comes_first(name: str, reading: str) -> None:
    assert pinyin_forms(name)[0] == reading


@pytest.mark.parametrize(
    ("name", "others"),
    [("单田芳", {"shantianfang", "dantianfang", "stf", "dtf"}), ("张乐", {"zhangle", "zhangyue"})],
)
def test_other_readings_are_found_too(name: str, others: set[str]) -> None:
    assert others <= set(pinyin_forms(name))


@settings(deadline=None)
@given(st.text("单曾乐长重行都藏", min_size=1, max_size=60))
def test_forms_of_many_readings_stay_few(name: str) -> None:
    assert 2 <= len(pinyin_forms(name)) <= 16


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("张", "张三"),
        ("张三", "张三"),
        ("張三", "张三"),
        ("张三", "張 三"),
        ("zhangsan", "张三"),
        ("ZhangSan", "张三"),
        ("zhang san", "张三"),
        ("san zhang", "张三"),
        ("zhangs", "张三"),
        ("zs", "张三"),
        ("zh", "张三"),
        ("三", "张三"),
        ("zsf", "张三丰"),
        ("sf", "张三丰"),
        ("三丰", "张三丰"),
        ("张三丰", "张 三丰"),
        ("张 公司", "张三贸易公司"),
        ("张san", "张三"),
        ("lu", "吕布"),
        ("lü", "吕布"),
        ("xi'an", "西安钢铁"),
        ("xian", "西安钢铁"),
        ("beijing weilai", "北京未来科技有限公司"),
        ("未来 北京", "北京未来科技有限公司"),
        ("wl", "北京未来科技有限公司"),
        ("未来科技", "北京未来科技有限公司"),
        ("约翰·史密斯", "约翰・史密斯"),
        ("约翰史密斯", "约翰·史密斯"),
        ("tcl科技", "TCL科技集团"),
        ("tclkj", "TCL科技集团"),
        ("ＡＢＣ", "abc Ltd"),
        ("abc", "ＡＢＣ Ltd"),
        ("muller", "Jürgen Müller"),
        ("MÜLLER", "Mueller & Müller"),
        ("j mu", "Jürgen Müller"),
        ("oneil", "O’Neil"),
        ("o'neil", "ONeil"),
        ("coca cola", "Coca-Cola"),
        ("coca-cola", "Coca Cola"),
        ("a&b", "A & B Partners"),
        ("100%", "100% Wool"),
        ("김", "김철수"),
        ("철수", "김철수"),
        ("トヨ", "トヨタ自動車"),
        ("smith@exa", "ann.smith@example.com"),
        ("360", "Qihoo 360"),
    ],
)
def test_a_query_finds_the_name(query: str, name: str) -> None:
    assert matches(query, name)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("三张", "张三"),
        ("sz", "张三"),
        ("李", "张三"),
        ("lisi", "张三"),
        ("张三丰", "张三"),
        ("beijing shanghai", "北京未来科技有限公司"),
        ("ül", "Müller"),
        ("a%e", "abcde"),
        ("a_c", "abc"),
        ("", "张三"),
        ("&", "A & B"),
        ("%", "100%"),
    ],
)
def test_a_query_leaves_other_names_alone(query: str, name: str) -> None:
    assert not matches(query, name)


@pytest.mark.parametrize(
    "query",
    [
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "0086 13800138000",
        "0013",
        "8000",
        "１３８００",
        "(138) 0013",
    ],
)
def test_part_of_a_number_finds_it(query: str) -> None:
    assert matches(query, "Ann", numbers=("138 0013 8000", "+8613800138000"))


@pytest.mark.parametrize("query", ["12", "zs1", "138x", "138 zhang", "+86", "+8613"])
def test_what_is_no_part_of_a_number_asks_for_no_digits(query: str) -> None:
    assert classify_query(query).digits is None


def test_digits_leave_out_what_another_number_contains() -> None:
    numbers = ["138 0013 8000", "+8613800138000", None, "", "ext", "010-8888"]
    assert search_digits(numbers) == "8613800138000 0108888"


@settings(deadline=None)
@given(names, st.data())
def test_short_parts_of_a_chinese_run_have_their_grams_in_the_whole(
    name: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, max(len(name) - 1, 0)))
    part = name[start : start + data.draw(st.integers(1, 2))]
    if part and all("\u4e00" <= char <= "\u9fff" for char in part):
        assert set(classify_query(part).grams) <= set(search_grams(name))
        assert matches(part, name)


@settings(deadline=None)
@given(chinese_names)
def test_a_name_is_found_by_every_pinyin_of_its_own(name: str) -> None:
    for form in pinyin_forms(name):
        assert matches(form, name)
        assert matches(form[:2], name)


@settings(deadline=None)
@given(chinese_names, st.data())
def test_a_name_is_found_by_itself_and_by_any_part(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert matches(name[start:end], name)


@settings(deadline=None)
@given(st.one_of(any_text, with_surrogates), st.one_of(any_text, with_surrogates))
def test_no_text_is_too_strange(one: str, other: str) -> None:
    text, grams, asked = search_text(one, other), search_grams(one, other), classify_query(one)
    for stored in (text, *grams, asked.text, *asked.grams, *asked.patterns):
        stored.encode()
        assert "\x00" not in stored
    assert grams == sorted(set(grams))
    assert all(1 <= len(gram) <= 2 for gram in grams)
    assert all(1 <= len(gram) <= 2 for gram in asked.grams)
    search_digits([one, other])
    pinyin_forms(one)


def test_columns_hold_every_part_once_and_no_blank() -> None:
    assert search_text("张三", None, "", "张三", "Zs@Example.com") == (
        "张三\nzs@example.com\nzhangsan zs"
    )
    assert search_text(None, "") == ""
    assert search_grams(None, "", "&") == []


def test_a_long_text_keeps_the_grams_bounded() -> None:
    endless = "".join(chr(0x4E00 + number) for number in range(20_000))
    assert len(search_grams(endless)) < 8 * LONGEST_GRAM_SOURCE
    assert len(search_grams("word " * 50_000)) == 2
    assert endless[500:510] in search_text(endless)


def test_a_long_query_stays_small() -> None:
    asked = classify_query("张 zs abc " * 10_000)
    assert asked == SearchQuery(asked.text, ("张", "zs"), ("%abc%",), None, True)
    assert len(asked.text) <= 200


def test_fuzziness_needs_three_letters_in_a_row() -> None:
    assert [classify_query(query).fuzzy for query in ("zs", "张三", "1234", "zsf", "张三丰")] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_nothing_to_look_for_is_told() -> None:
    assert classify_query(" & %_ ").is_empty
    assert not classify_query("张").is_empty
    assert not classify_query("138 0013").is_empty


def test_signs_of_a_pattern_stand_for_themselves() -> None:
    assert escape_like(r"100%_\x") == r"100\%\_\\x"
    assert classify_query("abc_d%").patterns == (r"%abc\_d%",)


@given(st.text("张三丰曾单长行重庆尉迟々〇阳", min_size=1, max_size=60))
def test_a_run_of_han_alone_is_read_as_any_text_is(run: str) -> None:
    long_way = text._Analysed(run, text._forms(run), frozenset(text._grams(run)))
    assert text._analyse(run) == long_way


def test_only_short_texts_are_remembered() -> None:
    """An article's body is folded, too: two thousand of those would be 100 MB."""
    before = folding.remembered.cache_info().currsize
    assert normalise("Über " * 5_000) == " ".join(["uber"] * 5_000)
    assert folding.remembered.cache_info().currsize == before
