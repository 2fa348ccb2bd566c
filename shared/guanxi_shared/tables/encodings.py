"""Which encoding a text file is in: byte order marks, then evidence, then a guess."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from guanxi_shared.tables.rows import FileProblem

HEAD = 1 << 16
_SAMPLE = 1 << 17
_MARKS_TEXT = '\n\r",;|\t'
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Alternatives whose line feed, quote and delimiters are single ASCII bytes, as `Lines` needs.
_GUESSES = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1250", "cp1251"]
_SAME = {"utf-8-sig": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "utf-16": "utf-16-le"}
# Characters that names, places and headers of real lists are full of. Other encodings of two high
# bytes a character decode as GB18030 too, but to rare characters.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
    "公司限责任集团股份科技贸易实业商店厂市省区县镇路街号楼室北京海广州深圳天津重庆江苏浙山东南西河湖福建安徽四川"
    "客户名称联系电话手机邮箱地址行业编备注姓性别职务部门日期金额数量单价状态类型来源负责经理总产品订合"
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈"
)


def sniff_encoding(path: Path, *, encoding: str | None = None) -> tuple[str, int]:
    """The encoding and how many bytes of mark to skip; `encoding` overrides everything but those."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileProblem("The file is UTF-32, which is not read. Save it as UTF-8.")
    mark = next((found for found in _MARKS if head.startswith(found[0])), None)
    if encoding is not None:
        chosen = check_encoding(encoding)
        # Of the two byte orders of UTF-16 a mark knows better.
        agrees = mark is not None and mark[1][:6] == chosen[:6]
        return (mark[1], len(mark[0])) if mark is not None and agrees else (chosen, 0)
    if mark is not None:
        return mark[1], len(mark[0])
    return _sniff_wide(head) or _sniff_bytes(path), 0


def check_encoding(name: str) -> str:
    """The codec's name, if lines can be split in it before they are decoded."""
    try:
        found = codecs.lookup(name.strip()).name
        found = _SAME.get(found, found)
        plain = found.startswith("utf-16-") or _MARKS_TEXT.encode(found) == _MARKS_TEXT.encode(
            "ascii"
        )
    except (LookupError, UnicodeError):
        plain = False
    if not plain or found.startswith(("utf-7", "iso2022", "hz")):
        raise FileProblem(
            f"The encoding {name!r} is not known. Use for example utf-8, utf-16-le, gb18030, "
            "big5, shift_jis or windows-1252."
        )
    return found


def _sniff_wide(head: bytes) -> str | None:
    """UTF-16 without a mark: separators are there in one byte order and not in the other."""
    if b"\0" not in head:
        return None
    even = head[: len(head) // 2 * 2]
    scores = {name: _separators(even, name) for name in ("utf-16-le", "utf-16-be")}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else None


def _separators(data: bytes, encoding: str) -> int:
    """How many separators the text has; 0 if it cannot be text in this encoding."""
    text = data.decode(encoding, "ignore")
    if "\0" in text or len(text) * 2 < len(data) - 4:
        return 0
    return sum(text.count(mark) for mark in ' \n\r\t,;|"{}:')


def _sniff_bytes(path: Path) -> str:
    lines = list(_telling_lines(path))
    if not lines or _share_of(lines, "utf-8") >= 0.8:
        return "utf-8"
    if _share_of(lines, "gb18030") >= 0.8 and _common_share(lines) >= 0.2:
        return "gb18030"
    if (guess := _other_guess(b"".join(lines)[:HEAD])) is not None:
        return check_encoding(guess)
    # Five bytes mean nothing in Windows-1252; everything means something in Latin-1.
    return "cp1252" if _share_of(lines, "cp1252") >= 0.8 else "iso8859-1"


def _other_guess(sample: bytes) -> str | None:
    """What charset-normalizer finds, unless Windows-1252 makes as good a text of it."""
    from charset_normalizer import from_bytes  # 3 MB that few files need

    matches = from_bytes(sample, cp_isolation=_GUESSES)
    best = matches.best()
    if best is None or "cp1252" in best.could_be_from_charset:
        return None
    western = next((each for each in matches if each.encoding == "cp1252"), None)
    return best.encoding if western is None or best.chaos < western.chaos else None


def _telling_lines(path: Path) -> Iterator[bytes]:
    """Lines with a byte above 127, from wherever in the file they begin to appear."""
    found = 0
    rest = b""
    with path.open("rb") as file:
        while found < _SAMPLE and (block := file.read(1 << 20)):
            if block.isascii():
                rest = b""
                continue
            *lines, rest = (rest + block).split(b"\n")
            rest = rest[:_SAMPLE]
            for line in lines:
                if not line.isascii() and found < _SAMPLE:
                    found += len(line)
                    yield line[:_SAMPLE]
    if rest and not rest.isascii() and found < _SAMPLE:
        yield rest


def _share_of(lines: list[bytes], encoding: str) -> float:
    return sum(_decodes(line, encoding) for line in lines) / len(lines)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(line, final=len(line) < _SAMPLE)
    except UnicodeDecodeError:
        return False
    return True


def _common_share(lines: list[bytes]) -> float:
    text = b"\n".join(lines).decode("gb18030", "ignore")
    wide = [char for char in text if char > "\x7f"]
    return sum(char in _COMMON for char in wide) / max(len(wide), 1)
