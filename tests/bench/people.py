"""Synthetic contacts as the API takes them: two in three Chinese, the rest Latin; the same number
is always the same person."""

from random import Random
from typing import Any


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILY = words(
    "王 李 张 刘 陈 杨 黄 赵 周 吴 徐 孙 朱 马 胡 郭 林 何 高 梁 郑 罗 宋 谢 唐 韩 曹 许 邓 萧 冯 曾 程 蔡 "
    "彭 潘 袁 于 董 余 苏 叶 吕 魏 蒋 田 杜 丁 沈 姜 欧阳 司马 诸葛 上官"
)
GIVEN = words(
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 霞 平 刚 三 建国 建华 文博 子轩 浩然 雨桐 思远 晓东 志强 "
    "海燕 秀英 婷婷 雪梅 国栋 佳怡 梓涵 宇航 嘉豪 一鸣 若曦 春华 立新 慧敏 俊杰 欣怡 诗涵 雅婷 天佑"
)
FIRST = words(
    "James Olivia Liam Emma Noah Charlotte William Amelia Henry Grace Daniel Sophie Ethan Chloe Samuel "
    "Hannah Oscar Ruby George Zoe Marcus Naomi Aaron Fiona Lukas Katharina Hugo Élodie François Jürgen "
    "Mateo Lucía Björn Priya Arjun Ananya"
)
LAST = words(
    "Smith Johnson Williams Brown Taylor Davies Wilson Evans Thomas Roberts Walker Wright Hughes Edwards "
    "Green Hall Clarke Turner Parker Morgan Bennett Foster Müller Schneider Dubois Lefèvre García "
    "Fernández Sharma Patel Okafor Lindqvist Kowalski Novák Rossi Ferrari"
)
TITLES = ("采购经理", "总经理", "技术总监", "Engineer", "Purchasing manager", "Head of sales")
DEPARTMENTS = ("采购部", "技术部", "管理层", "Sales", "Finance", "Operations", "Legal", "Marketing")
SOURCES = ("fair", "website", "referral", "cold call", "partner")
HOBBIES = ("围棋", "书法", "摄影", "chess", "cycling", "hiking")
CITIES = ("上海", "北京", "深圳", "London", "Berlin", "Singapore")
CHINESE_SHARE = 2 / 3


def person(number: int, *, series: int = 0) -> dict[str, Any]:
    """Person `number` of a series; no two share a phone number or an e-mail address."""
    dice = Random(series * 1_000_003 + number)
    given, family, name = _name(dice)
    unique = f"{series}{number:07d}"
    city = dice.choice(CITIES)
    return {
        "given_name": given,
        "family_name": family,
        "name": name,
        "title": dice.choice(TITLES),
        "department": dice.choice(DEPARTMENTS),
        "source": dice.choice(SOURCES),
        "phones": [{"number": f"138{unique}", "kind": "mobile", "is_primary": True}],
        "emails": [{"address": f"p{unique}@example.com", "kind": "work", "is_primary": True}],
        "addresses": [
            {"kind": "office", "street": f"{number % 900 + 1} Main Street", "city": city}
        ],
        "hobbies": sorted(dice.sample(HOBBIES, 2)),
        "tags": ["bench"],
    }


def _name(dice: Random) -> tuple[str, str, str]:
    if dice.random() < CHINESE_SHARE:
        given, family = dice.choice(GIVEN), dice.choice(FAMILY)
        return given, family, family + given
    given, family = dice.choice(FIRST), dice.choice(LAST)
    return given, family, f"{given} {family}"
