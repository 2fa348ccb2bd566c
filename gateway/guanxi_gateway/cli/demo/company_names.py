"""Names of companies by culture: legal and short, in the local script and in Latin letters."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from guanxi_gateway.cli.demo.names import LATIN, handle, pairs
from guanxi_gateway.cli.demo.places import City, country_of

# The distinctive word of a group, in its own script and in Latin letters.
Root = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CompanyName:
    """`root` is what a subsidiary shares; the domain is made from its Latin form and the city."""

    name: str
    legal: str
    short: str
    local: str | None
    root: Root


ZH_ROOTS = pairs(
    "华信huaxin 天成tiancheng 鼎盛dingsheng 瑞丰ruifeng 恒达hengda 博远boyuan 金桥jinqiao 东方dongfang "
    "盛世shengshi 中科zhongke 海联hailian 新宇xinyu 明德mingde 星辰xingchen 万邦wanbang 同创tongchuang "
    "锦绣jinxiu 嘉禾jiahe 启航qihang 联合lianhe 智汇zhihui 云帆yunfan 长青changqing 百川baichuan"
)
ZH_TRADES = {
    "software": ("软件", "信息技术"), "technology": ("科技", "智能装备"), "medical": ("医疗器械", "生物医药"),
    "retail": ("商贸", "百货"), "finance": ("金融服务", "投资管理"), "telecommunications": ("通信", "网络"),
    "marketing": ("广告传媒", "营销策划"), "entertainment": ("文化娱乐", "影视文化"),
    "services": ("物流", "企业服务"), "employment": ("人力资源", "人才服务"),
}  # fmt: skip
ZH_FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司")

EN_ROOTS = [
    "Northfield",
    "Brightwater",
    "Redwood",
    "Silverline",
    "Oakmont",
    "Bluepeak",
    "Ironbridge",
    "Fairhaven",
    "Summit",
    "Harborview",
    "Cobalt",
    "Evergreen",
    "Lakeshore",
    "Pinnacle",
    "Sterling",
    "Westgate",
    "Crestview",
    "Meridian",
    "Foxglove",
    "Granite",
]
JA_ROOTS = pairs(
    "未来mirai 東和towa 日新nisshin 光洋koyo 大成taisei 富士見fujimi 桜井sakurai 三栄sanei"
)
KO_ROOTS = pairs("한빛hanbit 대성daesung 미래mirae 동아donga 새한saehan 우진woojin")
IN_ROOTS = ["Suryan", "Deccan", "Kaveri", "Lotus", "Vindhya", "Ashoka", "Sagar", "Himadri"]
TRADES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "software": ("Software", "Systems"), "technology": ("Technologies", "Robotics"),
        "medical": ("Medical", "Biosciences"), "retail": ("Stores", "Trading"),
        "finance": ("Capital", "Financial"), "telecommunications": ("Telecom", "Networks"),
        "marketing": ("Marketing", "Media"), "entertainment": ("Studios", "Entertainment"),
        "services": ("Logistics", "Services"), "employment": ("Staffing", "People"),
    },
    "de": {
        "software": ("Software", "Systemhaus"), "technology": ("Technik", "Maschinenbau"),
        "medical": ("Medizintechnik", "Pharma"), "retail": ("Handel", "Großhandel"),
        "finance": ("Finanz", "Versicherungen"), "telecommunications": ("Telekom", "Netze"),
        "marketing": ("Werbung", "Medien"), "entertainment": ("Film", "Unterhaltung"),
        "services": ("Logistik", "Dienste"), "employment": ("Personal", "Zeitarbeit"),
    },
    "fr": {
        "software": ("Logiciels",), "technology": ("Technologies",), "medical": ("Santé",),
        "retail": ("Distribution",), "finance": ("Finance",), "telecommunications": ("Télécom",),
        "marketing": ("Communication",), "entertainment": ("Productions",),
        "services": ("Services",), "employment": ("Intérim",),
    },
    "it": {
        "software": ("Informatica",), "technology": ("Tecnologie",), "medical": ("Farmaceutici",),
        "retail": ("Commerciale",), "finance": ("Finanziaria",), "telecommunications": ("Telecomunicazioni",),
        "marketing": ("Pubblicità",), "entertainment": ("Spettacoli",),
        "services": ("Servizi",), "employment": ("Lavoro",),
    },
    "es": {
        "software": ("Software",), "technology": ("Tecnología",), "medical": ("Salud",),
        "retail": ("Comercial",), "finance": ("Finanzas",), "telecommunications": ("Telecomunicaciones",),
        "marketing": ("Publicidad",), "entertainment": ("Producciones",),
        "services": ("Servicios",), "employment": ("Empleo",),
    },
    "pt": {
        "software": ("Software",), "technology": ("Tecnologia",), "medical": ("Saúde",),
        "retail": ("Comércio",), "finance": ("Finanças",), "telecommunications": ("Telecom",),
        "marketing": ("Publicidade",), "entertainment": ("Produções",),
        "services": ("Serviços",), "employment": ("Empregos",),
    },
}  # fmt: skip
JA_TRADES = {
    "software": ("ソフト", "Soft"), "technology": ("技研", "Giken"), "medical": ("製薬", "Pharma"),
    "retail": ("商事", "Trading"), "finance": ("証券", "Securities"), "telecommunications": ("通信", "Telecom"),
    "marketing": ("広告", "Advertising"), "entertainment": ("映像", "Pictures"),
    "services": ("物流", "Logistics"), "employment": ("人材", "Staffing"),
}  # fmt: skip
KO_TRADES = {
    "software": ("소프트", "Soft"), "technology": ("기술", "Technology"), "medical": ("제약", "Pharma"),
    "retail": ("유통", "Retail"), "finance": ("금융", "Finance"), "telecommunications": ("텔레콤", "Telecom"),
    "marketing": ("광고", "Advertising"), "entertainment": ("엔터테인먼트", "Entertainment"),
    "services": ("물류", "Logistics"), "employment": ("인재", "Staffing"),
}  # fmt: skip
FORMS = {
    "US": ("Inc.", "LLC", "Corp."), "GB": ("Ltd", "plc"), "SG": ("Pte. Ltd.",), "AU": ("Pty Ltd",),
    "DE": ("GmbH", "GmbH & Co. KG", "AG"), "FR": ("SA", "SAS", "SARL"), "IT": ("S.p.A.", "S.r.l."),
    "ES": ("S.A.", "S.L."), "MX": ("S.A. de C.V.",), "BR": ("Ltda.", "S.A."), "IN": ("Pvt. Ltd.", "Ltd."),
}  # fmt: skip
ROOTS = {"zh": ZH_ROOTS, "ja": JA_ROOTS, "ko": KO_ROOTS}
FAMILY_FIRMS = frozenset({"de", "fr", "it", "es", "pt"})


def company_name(
    dice: Random, city: City, industry: str, *, root: Root | None = None
) -> CompanyName:
    """A new name, or with `root` one that belongs to the same group in another place."""
    culture = country_of(city).culture
    root = root or _new_root(dice, culture)
    return MAKERS.get(culture, _latin)(dice, city, industry, root)


def site_of(name: CompanyName, city: City) -> str:
    """What stands before the top level of the domain, e.g. weilai-beijing."""
    return f"{handle(name.root[1]).replace(' ', '')}-{city.latin}"


def _new_root(dice: Random, culture: str) -> Root:
    if culture in ROOTS:
        script, latin = dice.choice(ROOTS[culture])
        return script, latin.title()
    if culture in FAMILY_FIRMS:
        words = LATIN[culture][1].split()
    else:
        words = IN_ROOTS if culture == "in" else EN_ROOTS
    word = dice.choice(words)
    return word, word


def _chinese(dice: Random, city: City, industry: str, root: Root) -> CompanyName:
    trade, form = dice.choice(ZH_TRADES[industry]), dice.choice(ZH_FORMS)
    legal = f"{city.name}{root[0]}{trade}{form}"
    return CompanyName(legal, legal, f"{root[0]}{trade}", None, root)


def _japanese(dice: Random, city: City, industry: str, root: Root) -> CompanyName:
    trade, trade_latin = JA_TRADES[industry]
    local, short = f"{root[0]}{trade}株式会社", f"{root[1]} {trade_latin}"
    return CompanyName(f"{short} K.K.", local, short, local, root)


def _korean(dice: Random, city: City, industry: str, root: Root) -> CompanyName:
    trade, trade_latin = KO_TRADES[industry]
    local, short = f"주식회사 {root[0]}{trade}", f"{root[1]} {trade_latin}"
    return CompanyName(f"{short} Co., Ltd.", local, short, local, root)


def _latin(dice: Random, city: City, industry: str, root: Root) -> CompanyName:
    trades = TRADES.get(country_of(city).culture, TRADES["en"])
    short = f"{root[1]} {dice.choice(trades[industry])}"
    legal = f"{short} {dice.choice(FORMS[city.country])}"
    return CompanyName(legal, legal, short, None, root)


MAKERS: dict[str, Callable[[Random, City, str, Root], CompanyName]] = {
    "zh": _chinese,
    "ja": _japanese,
    "ko": _korean,
}
