"""Names of people by culture, in their own script and in the Latin letters of their e-mail."""

import unicodedata
from dataclasses import dataclass
from random import Random

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PersonName:
    """`name` is the whole as the culture writes it; `handle` is what stands before the @."""

    given: str
    family: str
    name: str
    handle: str


def pairs(text: str) -> Pairs:
    """`王wang 李li`: each word is the written form followed by its Latin letters."""
    found = []
    for word in text.split():
        latin = word.lstrip("".join(sign for sign in word if not sign.isascii()))
        found.append((word.removesuffix(latin), latin))
    return tuple(found)


ZH_FAMILY = pairs(
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 赵zhao 黄huang 周zhou 吴wu 徐xu 孙sun 胡hu 朱zhu 高gao "
    "林lin 何he 郭guo 马ma 罗luo 梁liang 宋song 郑zheng 谢xie 韩han 唐tang 冯feng 于yu 董dong 萧xiao "
    "程cheng 曹cao 袁yuan 邓deng 许xu 傅fu 沈shen 曾zeng 彭peng 吕lü 欧阳ouyang 司马sima 诸葛zhuge"
)
ZH_GIVEN = pairs(
    "伟wei 芳fang 娜na 敏min 静jing 丽li 强qiang 磊lei 军jun 洋yang 勇yong 艳yan 杰jie 涛tao 明ming 超chao "
    "霞xia 平ping 刚gang 桂英guiying 建国jianguo 建华jianhua 文博wenbo 子轩zixuan 浩然haoran 雨桐yutong "
    "思远siyuan 晓东xiaodong 志强zhiqiang 海燕haiyan 秀英xiuying 婷婷tingting 雪梅xuemei 国栋guodong "
    "佳怡jiayi 梓涵zihan 宇航yuhang 嘉豪jiahao 一鸣yiming 若曦ruoxi 春华chunhua 立新lixin 慧敏huimin"
)
ZH_SECOND = pairs(
    "明ming 华hua 红hong 玲ling 峰feng 林lin 波bo 宁ning 辉hui 兰lan 斌bin 云yun 欣xin 然ran 成cheng 雅ya"
)
TWO_SIGNS_SHARE = 0.5
JA_FAMILY = pairs(
    "佐藤sato 鈴木suzuki 高橋takahashi 田中tanaka 伊藤ito 渡辺watanabe 山本yamamoto 中村nakamura "
    "小林kobayashi 加藤kato 吉田yoshida 山田yamada"
)
JA_GIVEN = pairs(
    "陽翔haruto 蓮ren 大輔daisuke 健一kenichi 翔太shota 直樹naoki 美咲misaki 陽菜hina 由美子yumiko "
    "恵子keiko 彩香ayaka 拓也takuya"
)
KO_FAMILY = pairs("김kim 이lee 박park 최choi 정jung 강kang 조cho 윤yoon 장jang 임lim")
KO_GIVEN = pairs(
    "민준minjun 서연seoyeon 지훈jihoon 수빈subin 현우hyunwoo 지은jieun 도윤doyun 하은haeun 성민sungmin "
    "유진yujin"
)

LATIN: dict[str, tuple[str, str]] = {
    "en": (
        "James Olivia Liam Emma Noah Charlotte William Amelia Henry Grace Daniel Sophie Ethan Chloe "
        "Samuel Hannah Oscar Ruby George Zoe Marcus Naomi Aaron Fiona",
        "Smith Johnson Williams Brown Taylor Davies Wilson Evans Thomas Roberts Walker Wright Hughes "
        "Edwards Green Hall Clarke Turner Parker Morgan Bennett Foster Okafor Tan",
    ),
    "de": (
        "Lukas Anna Felix Lena Jonas Marie Paul Laura Maximilian Katharina Stefan Sabine Jürgen Heike "
        "Björn Ulrike",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter "
        "Klein Schröder Yıldız",
    ),
    "fr": (
        "Louis Camille Hugo Léa Jules Manon Lucas Chloé Antoine Élodie François Hélène Mathieu Zoé",
        "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Lefèvre Rousseau "
        "Benali",
    ),
    "it": (
        "Alessandro Giulia Lorenzo Sofia Matteo Chiara Andrea Francesca Davide Elena",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco",
    ),
    "es": (
        "Mateo Lucía Diego Valentina Alejandro Carmen Javier Sofía Andrés María Raúl Inés",
        "García Martínez López Hernández González Pérez Sánchez Ramírez Torres Flores Núñez Ortega",
    ),
    "pt": (
        "Gabriel Ana João Beatriz Rafael Larissa Thiago Fernanda Caio Mariana",
        "Silva Santos Oliveira Souza Lima Pereira Costa Almeida Araújo Gonçalves",
    ),
    "in": (
        "Aarav Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay Divya Rahul Nisha",
        "Sharma Patel Nair Iyer Gupta Reddy Singh Mehta Rao Das Kulkarni Banerjee",
    ),
}
SCRIPTS: dict[str, tuple[Pairs, Pairs]] = {
    "zh": (ZH_GIVEN, ZH_FAMILY),
    "ja": (JA_GIVEN, JA_FAMILY),
    "ko": (KO_GIVEN, KO_FAMILY),
}


def person_name(dice: Random, culture: str) -> PersonName:
    """Family name first and unspaced where the culture writes it so."""
    if culture in SCRIPTS:
        givens, families = SCRIPTS[culture]
        (given, given_latin), (family, family_latin) = dice.choice(givens), dice.choice(families)
        if culture == "zh" and len(given) == 1 and dice.random() < TWO_SIGNS_SHARE:
            second, second_latin = dice.choice(ZH_SECOND)
            given, given_latin = given + second, given_latin + second_latin
        latin = (family_latin, given_latin) if culture == "zh" else (given_latin, family_latin)
        return PersonName(given, family, family + given, handle(*latin))
    given_names, family_names = LATIN[culture]
    given, family = dice.choice(given_names.split()), dice.choice(family_names.split())
    return PersonName(given, family, f"{given} {family}", handle(given, family))


def handle(*parts: str) -> str:
    """`Jürgen`, `Müller` as `jurgen.muller`."""
    folded = unicodedata.normalize("NFKD", ".".join(parts)).casefold().replace("ı", "i")
    return folded.encode("ascii", "ignore").decode()
