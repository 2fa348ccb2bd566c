"""How Chinese is read aloud in Latin letters, for people who type zhangsan or zs for 张三."""

import os
import unicodedata
from functools import cache, lru_cache
from itertools import product
from math import prod
from string import ascii_lowercase
from typing import NamedTuple, TypeAlias

MOST_FORMS = 8
_LONGEST_VARIED_RUN = 40
_LONGEST_COMPOUND_SURNAME = 2
_TONES = "\u0304\u0301\u030c\u0300"

# Characters that names of people, places and firms read in more than one way, likeliest first.
_HETERONYMS = """
阿a/e 艾ai/yi 扒ba/pa 柏bai/bo 蚌bang/beng 磅bang/pang 暴bao/pu 堡bao/pu/bu 贲ben/bi 便bian/pian
扁bian/pian 薄bo/bao 剥bo/bao 泊bo/po 卜bu/bo 参can/shen/cen 藏cang/zang 差cha/chai 查cha/zha 禅chan/shan
颤chan/zhan 长chang/zhang 朝chao/zhao 车che/ju 谌chen/shen 称cheng/chen 澄cheng/deng 乘cheng/sheng
匙chi/shi 仇chou/qiu 臭chou/xiu 传chuan/zhuan 啜chuo 枞cong/zong 单dan/shan 弹dan/tan
铛dang/cheng 的de/di 地di/de 都du/dou 沌dun/zhuan 恶e/wu 番fan/pan 繁fan/po 佛fo/fu 否fou/pi
盖gai/ge 干gan/qian 镐gao/hao 蛤ge/ha 给gei/ji 谷gu/yu 莞guan/wan 吭hang/keng 行hang/xing
黑hei/he 鹄hu/gu 还huan/hai 会hui/kuai 祭ji/zhai 贾jia/gu 伽jia/qie/ga
降jiang/xiang 角jiao/jue 嚼jiao/jue 诘jie/ji 解jie/xie 劲jin/jing 句ju/gou 桔ju/jie 浚jun/xun 咖ka/ga
卡ka/qia 槛kan/jian 扛kang/gang 壳ke/qiao 勒le/lei 了le/liao 乐le/yue 肋lei/le 靓liang/jing 潦liao 六liu/lu
泷long/shuang 陆lu/liu 露lu/lou 纶lun/guan 落luo/la 漯luo/ta 捋lv/luo 率lv/shuai 脉mai/mo 蔓man/wan
没mei/mo 秘mi/bi 泌mi/bi 宓mi/fu 缪miao/mou 模mo/mu 牟mou/mu 娜na/nuo 辟pi/bi 屏ping/bing 曝pu/bao 埔pu/bu
朴pu/piao 栖qi/xi 茜qian/xi 铅qian/yan 茄qie/jia 郄qie/xi 区qu/ou 圈quan/juan 雀que/qiao 塞sai/se
色se/shai 刹sha/cha 莎sha/suo 裳shang/chang 歙she/xi 什shen/shi 盛sheng/cheng 晟sheng/cheng 省sheng/xing
属shu/zhu 伺si/ci 俟si/qi 宿su/xiu 覃tan/qin
调tiao/diao 囤tun/dun 拓tuo/ta 万wan/mo 隗wei/kui 圩wei/xu 尉wei/yu 涡wo/guo 喔wo/o 郗xi/chi 系xi/ji 蹊xi/qi
洗xi/xian 呷xia/ga 吓xia/he 厦xia/sha 纤xian/qian 巷xiang/hang 校xiao/jiao 莘xin/shen 畜xu/chu 吁xu/yu
削xue/xiao 血xue/xie 郇xun/huan 咽yan/ye 钥yao/yue 员yuan/yun 仔zai/zi 择ze/zhai 曾zeng/ceng 栅zha/shan
扎zha/za 翟zhai/di 辗zhan 粘zhan/nian 召zhao/shao 折zhe/she 着zhe/zhuo/zhao 种zhong/chong 重zhong/chong
著zhu/zhuo 爪zhua/zhao 椎zhui/chui 琢zhuo 柞zuo/zha
"""

# Surnames that a leading character is, read otherwise than the character usually is.
_SURNAMES = """
单shan 仇qiu 区ou 解xie 查zha 朴piao 盖ge 缪miao 翟zhai 折she 乐yue 召shao 覃qin 员yun 祭zhai 秘bi
种chong 句gou 繁po 曾zeng 黑he 洗xian 任ren 纪ji 尉迟yu/chi 万俟mo/qi 长孙zhang/sun 澹台tan/tai
"""

# Words of names and firms that leave no choice: they keep long names to one reading.
_WORDS = """
银行yin/hang 行业hang/ye 商行shang/hang 车行che/hang 行动xing/dong 旅行lv/xing 长安chang/an
长春chang/chun 长城chang/cheng 长江chang/jiang 长沙chang/sha 长虹chang/hong 重庆chong/qing
重工zhong/gong 重型zhong/xing 厦门xia/men 大厦da/sha 成都cheng/du 首都shou/du 都市du/shi 音乐yin/yue
娱乐yu/le 快乐kuai/le 会计kuai/ji 会展hui/zhan 会议hui/yi 社会she/hui 协会xie/hui 汽车qi/che 机车ji/che
车辆che/liang 西藏xi/zang 收藏shou/cang 传媒chuan/mei 传播chuan/bo
传动chuan/dong 传感chuan/gan 调味tiao/wei 空调kong/tiao 调查diao/cha 检查jian/cha 单位dan/wei
万达wan/da 万科wan/ke 万家wan/jia 万里wan/li 万物wan/wu 万通wan/tong 硅谷gui/gu 解放jie/fang
解决jie/jue 系统xi/tong 体系ti/xi 学校xue/xiao 校园xiao/yuan 纤维xian/wei 光纤guang/xian
番禺pan/yu 六安lu/an 东莞dong/guan 乐器yue/qi 绿色lv/se 绿地lv/di 绿城lv/cheng 地产di/chan
地质di/zhi 土地tu/di 大地da/di 基地ji/di 区域qu/yu 朝鲜chao/xian 阿里a/li 参数can/shu 人参ren/shen
干燥gan/zao 便利bian/li 率先shuai/xian 佛山fo/shan 洗涤xi/di 清洗qing/xi
"""


Readings: TypeAlias = tuple[tuple[str, ...], ...]
"""Of each character the syllables that it can be, likeliest first."""


class PinyinForms(NamedTuple):
    """The whole readings of a run (zhangsan) and their first letters (zs), likeliest first."""

    full: tuple[str, ...]
    initials: tuple[str, ...]


@lru_cache(maxsize=16)  # a name's are asked for its words, and again for its keys
def pinyin_of(readings: Readings) -> PinyinForms:
    """Up to eight whole readings of a run, and their initials; none of none.

    A short run is read in every combination. A longer one, whose combinations would be too many,
    in the likeliest reading and with one character at a time read otherwise.
    """
    if not readings:
        return PinyinForms((), ())
    return PinyinForms(_combined(readings), _combined(tuple(map(_initials, readings))))


@cache
def _initials(words: tuple[str, ...]) -> tuple[str, ...]:
    """Of one character's syllables; there are as many as there are ways to read characters."""
    return tuple(dict.fromkeys(word[0] for word in words))


@lru_cache(maxsize=16)
def run_readings(run: str) -> Readings:
    """The readings of each character of Han, those that nobody reads left out.

    A leading surname is read first as people are called, and a well-known word only in its way.
    """
    surname = _surname(run)
    words = [readings(char) for char in run]
    for place, spoken in enumerate(surname):
        words[place] = (spoken, *(word for word in words[place] if word != spoken))
    fixed = _words()
    for place in range(len(run) - 1):
        if spoken_word := fixed.get(run[place : place + 2]):
            words[place : place + 2] = spoken_word
    return tuple(word for word in words if word)


def _surname(run: str) -> tuple[str, ...]:
    surnames = _surnames()
    for length in range(_LONGEST_COMPOUND_SURNAME, 0, -1):
        if spoken := surnames.get(run[:length]):
            return spoken
    return ()


def _combined(choices: Readings) -> tuple[str, ...]:
    likeliest = [words[0] for words in choices]
    if len(choices) > _LONGEST_VARIED_RUN:
        return ("".join(likeliest),)
    varied = [place for place, words in enumerate(choices) if len(words) > 1]
    if not varied:
        return ("".join(likeliest),)
    if prod(len(choices[place]) for place in varied) <= MOST_FORMS:
        return tuple(dict.fromkeys(map("".join, product(*choices))))
    forms = {"".join(likeliest): None}
    for place in varied:
        for word in choices[place][1:]:
            forms["".join([*likeliest[:place], word, *likeliest[place + 1 :]])] = None
    return tuple(forms)[:MOST_FORMS]


@cache
def readings(char: str) -> tuple[str, ...]:
    """The syllables of one character without tones, likeliest first; empty if it has none.

    ü is written v, as input methods do, and also u, as people do: 吕 is lv and lu.
    """
    known = _heteronyms().get(char) or (_dictionary_reading(char),)
    return _spellings(tuple(word for word in known if word.isascii() and word.isalpha()))


def _spellings(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for word in words for form in (word, word.replace("v", "u"))))


def _dictionary_reading(char: str) -> str:
    # The phrase dictionary costs 46 MB of memory and decides only what _HETERONYMS decides here.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")
    from pypinyin.constants import PINYIN_DICT

    toned = unicodedata.normalize("NFD", PINYIN_DICT.get(ord(char), "").partition(",")[0])
    syllable = "".join(part for part in toned if part not in _TONES)
    return unicodedata.normalize("NFC", syllable).replace("ü", "v")


@cache
def _heteronyms() -> dict[str, tuple[str, ...]]:
    return _table(_HETERONYMS)


@cache
def _surnames() -> dict[str, tuple[str, ...]]:
    return _table(_SURNAMES)


@cache
def _words() -> dict[str, list[tuple[str, ...]]]:
    return {
        word: [_spellings((syllable,)) for syllable in spoken]
        for word, spoken in _table(_WORDS).items()
    }


def _table(entries: str) -> dict[str, tuple[str, ...]]:
    table = {}
    for entry in entries.split():
        characters = entry.rstrip(f"{ascii_lowercase}/")
        table[characters] = tuple(entry.removeprefix(characters).split("/"))
    return table
