"""The cities that the demo's customers sit in; each belongs to the territory of one sales team."""

from dataclasses import dataclass
from random import Random
from typing import Any

from guanxi_gateway.cli.demo.seeds import digits

SPREAD_DEGREES = 0.03  # about three kilometres: inside the city, and never the same spot


@dataclass(frozen=True, slots=True)
class City:
    """`phone` and `postcode` are patterns whose # become digits."""

    name: str
    state: str
    country: str
    latitude: float
    longitude: float
    postcode: str
    phone: str
    latin: str
    region: str
    territory: str


@dataclass(frozen=True, slots=True)
class Country:
    """`mobile` is of the numbers kept free for fiction where there are any, and empty where mobile
    numbers look like all others; `dollars` is what a thousand US dollars roughly are in the
    currency, for plausible figures only."""

    code: str
    culture: str
    currency: str
    dollars: int
    mobile: str
    time_zone: str


COUNTRIES = {
    country.code: country
    for country in (
        Country("CN", "zh", "CNY", 7_200, "+86 13# #### ####", "Asia/Shanghai"),
        Country("US", "en", "USD", 1_000, "", "America/New_York"),
        Country("GB", "en", "GBP", 790, "+44 7700 900###", "Europe/London"),
        Country("DE", "de", "EUR", 920, "+49 171 39200##", "Europe/Berlin"),
        Country("FR", "fr", "EUR", 920, "+33 6 39 98 ## ##", "Europe/Paris"),
        Country("IT", "it", "EUR", 920, "+39 347 555 ####", "Europe/Rome"),
        Country("ES", "es", "EUR", 920, "+34 612 555 ###", "Europe/Madrid"),
        Country("MX", "es", "MXN", 18_500, "+52 55 1555 ####", "America/Mexico_City"),
        Country("BR", "pt", "BRL", 5_400, "+55 11 95555 ####", "America/Sao_Paulo"),
        Country("JP", "ja", "JPY", 150_000, "+81 90 5555 ####", "Asia/Tokyo"),
        Country("KR", "ko", "KRW", 1_360_000, "+82 10 5555 ####", "Asia/Seoul"),
        Country("IN", "in", "INR", 84_000, "+91 98455 #####", "Asia/Kolkata"),
        Country("SG", "en", "SGD", 1_340, "+65 9555 ####", "Asia/Singapore"),
        Country("AU", "en", "AUD", 1_520, "+61 491 570 ###", "Australia/Sydney"),
    )
}

# city, state, country, latitude, longitude, postcode, phone, Latin name, region, territory
CITIES = tuple(
    City(*row)
    for row in (
        ("北京", "北京", "CN", 39.9042, 116.4074, "100###", "010-65## ####", "beijing", "华北", "north"),
        ("天津", "天津", "CN", 39.0842, 117.2009, "300###", "022-23## ####", "tianjin", "华北", "north"),
        ("石家庄", "河北", "CN", 38.0428, 114.5149, "050###", "0311-86## ####", "shijiazhuang", "华北", "north"),
        ("济南", "山东", "CN", 36.6512, 117.1201, "250###", "0531-82## ####", "jinan", "华北", "north"),
        ("青岛", "山东", "CN", 36.0671, 120.3826, "266###", "0532-85## ####", "qingdao", "华北", "north"),
        ("沈阳", "辽宁", "CN", 41.8057, 123.4315, "110###", "024-23## ####", "shenyang", "东北", "north"),
        ("大连", "辽宁", "CN", 38.9140, 121.6147, "116###", "0411-82## ####", "dalian", "东北", "north"),
        ("西安", "陕西", "CN", 34.3416, 108.9398, "710###", "029-87## ####", "xian", "西北", "north"),
        ("上海", "上海", "CN", 31.2304, 121.4737, "200###", "021-62## ####", "shanghai", "华东", "south"),
        ("杭州", "浙江", "CN", 30.2741, 120.1551, "310###", "0571-87## ####", "hangzhou", "华东", "south"),
        ("南京", "江苏", "CN", 32.0603, 118.7969, "210###", "025-84## ####", "nanjing", "华东", "south"),
        ("苏州", "江苏", "CN", 31.2989, 120.5853, "215###", "0512-65## ####", "suzhou", "华东", "south"),
        ("广州", "广东", "CN", 23.1291, 113.2644, "510###", "020-38## ####", "guangzhou", "华南", "south"),
        ("深圳", "广东", "CN", 22.5431, 114.0579, "518###", "0755-26## ####", "shenzhen", "华南", "south"),
        ("厦门", "福建", "CN", 24.4798, 118.0894, "361###", "0592-22## ####", "xiamen", "华南", "south"),
        ("武汉", "湖北", "CN", 30.5928, 114.3055, "430###", "027-87## ####", "wuhan", "华中", "south"),
        ("长沙", "湖南", "CN", 28.2282, 112.9388, "410###", "0731-84## ####", "changsha", "华中", "south"),
        ("成都", "四川", "CN", 30.5728, 104.0668, "610###", "028-86## ####", "chengdu", "西南", "south"),
        ("重庆", "重庆", "CN", 29.5630, 106.5516, "400###", "023-63## ####", "chongqing", "西南", "south"),
        ("New York", "NY", "US", 40.7128, -74.0060, "100##", "+1 212 555 01##", "newyork", "North America", "americas"),
        ("Boston", "MA", "US", 42.3601, -71.0589, "021##", "+1 617 555 01##", "boston", "North America", "americas"),
        ("Chicago", "IL", "US", 41.8781, -87.6298, "606##", "+1 312 555 01##", "chicago", "North America", "americas"),
        ("Atlanta", "GA", "US", 33.7490, -84.3880, "303##", "+1 404 555 01##", "atlanta", "North America", "americas"),
        ("Austin", "TX", "US", 30.2672, -97.7431, "787##", "+1 512 555 01##", "austin", "North America", "americas"),
        ("Denver", "CO", "US", 39.7392, -104.9903, "802##", "+1 303 555 01##", "denver", "North America", "americas"),
        ("San Francisco", "CA", "US", 37.7749, -122.4194, "941##", "+1 415 555 01##", "sanfrancisco", "North America", "americas"),
        ("Seattle", "WA", "US", 47.6062, -122.3321, "981##", "+1 206 555 01##", "seattle", "North America", "americas"),
        ("Ciudad de México", "CDMX", "MX", 19.4326, -99.1332, "06###", "+52 55 5555 ####", "mexico", "Latin America", "americas"),
        ("Monterrey", "Nuevo León", "MX", 25.6866, -100.3161, "64###", "+52 81 8355 ####", "monterrey", "Latin America", "americas"),
        ("São Paulo", "SP", "BR", -23.5505, -46.6333, "01###-000", "+55 11 3555 ####", "saopaulo", "Latin America", "americas"),
        ("Curitiba", "PR", "BR", -25.4284, -49.2733, "80###-000", "+55 41 3355 ####", "curitiba", "Latin America", "americas"),
        ("London", "England", "GB", 51.5074, -0.1278, "EC#A #BB", "+44 20 7946 0###", "london", "Europe", "europe"),
        ("Manchester", "England", "GB", 53.4808, -2.2426, "M# #AE", "+44 161 496 0###", "manchester", "Europe", "europe"),
        ("Edinburgh", "Scotland", "GB", 55.9533, -3.1883, "EH# #NG", "+44 131 496 0###", "edinburgh", "Europe", "europe"),
        ("Berlin", "Berlin", "DE", 52.5200, 13.4050, "101##", "+49 30 23125 ###", "berlin", "Europe", "europe"),
        ("Hamburg", "Hamburg", "DE", 53.5511, 9.9937, "200##", "+49 40 66969 ###", "hamburg", "Europe", "europe"),
        ("München", "Bayern", "DE", 48.1351, 11.5820, "803##", "+49 89 99998 ###", "muenchen", "Europe", "europe"),
        ("Köln", "Nordrhein-Westfalen", "DE", 50.9375, 6.9603, "506##", "+49 221 4710 ###", "koeln", "Europe", "europe"),
        ("Frankfurt am Main", "Hessen", "DE", 50.1109, 8.6821, "603##", "+49 69 90009 ###", "frankfurt", "Europe", "europe"),
        ("Paris", "Île-de-France", "FR", 48.8566, 2.3522, "7500#", "+33 1 99 00 ## ##", "paris", "Europe", "europe"),
        ("Lyon", "Auvergne-Rhône-Alpes", "FR", 45.7640, 4.8357, "6900#", "+33 4 65 71 ## ##", "lyon", "Europe", "europe"),
        ("Toulouse", "Occitanie", "FR", 43.6047, 1.4442, "3100#", "+33 5 36 49 ## ##", "toulouse", "Europe", "europe"),
        ("Milano", "Lombardia", "IT", 45.4642, 9.1900, "201##", "+39 02 5550 ####", "milano", "Europe", "europe"),
        ("Torino", "Piemonte", "IT", 45.0703, 7.6869, "101##", "+39 011 555 ####", "torino", "Europe", "europe"),
        ("Madrid", "Madrid", "ES", 40.4168, -3.7038, "280##", "+34 910 555 ###", "madrid", "Europe", "europe"),
        ("Barcelona", "Cataluña", "ES", 41.3874, 2.1686, "080##", "+34 930 555 ###", "barcelona", "Europe", "europe"),
        ("東京", "東京都", "JP", 35.6762, 139.6503, "100-00##", "+81 3 5550 ####", "tokyo", "Asia-Pacific", "asia"),
        ("大阪", "大阪府", "JP", 34.6937, 135.5023, "530-00##", "+81 6 6355 ####", "osaka", "Asia-Pacific", "asia"),
        ("名古屋", "愛知県", "JP", 35.1815, 136.9066, "450-00##", "+81 52 555 ####", "nagoya", "Asia-Pacific", "asia"),
        ("서울", "서울", "KR", 37.5665, 126.9780, "045##", "+82 2 555 ####", "seoul", "Asia-Pacific", "asia"),
        ("부산", "부산", "KR", 35.1796, 129.0756, "480##", "+82 51 555 ####", "busan", "Asia-Pacific", "asia"),
        ("Bengaluru", "Karnataka", "IN", 12.9716, 77.5946, "5600##", "+91 80 4555 ####", "bengaluru", "Asia-Pacific", "asia"),
        ("Mumbai", "Maharashtra", "IN", 19.0760, 72.8777, "4000##", "+91 22 4555 ####", "mumbai", "Asia-Pacific", "asia"),
        ("Singapore", "Singapore", "SG", 1.3521, 103.8198, "0489##", "+65 6555 ####", "singapore", "Asia-Pacific", "asia"),
        ("Sydney", "NSW", "AU", -33.8688, 151.2093, "20##", "+61 2 5550 ####", "sydney", "Asia-Pacific", "asia"),
        ("Melbourne", "VIC", "AU", -37.8136, 144.9631, "30##", "+61 3 5550 ####", "melbourne", "Asia-Pacific", "asia"),
    )
)  # fmt: skip
BEIJING = CITIES[0]

STREETS: dict[str, tuple[str, ...]] = {
    "zh": ("中关村大街{}号", "人民路{}号", "建设路{}号", "科技园{}号楼", "解放路{}号", "软件大道{}号"),
    "en": ("{} Market Street", "{} King Street", "{} Park Avenue", "{} Mill Lane", "{} Harbour Road"),
    "de": ("Hauptstraße {}", "Lindenallee {}", "Industriestraße {}", "Am Hafen {}", "Bahnhofstraße {}"),
    "fr": ("{} rue de la République", "{} avenue Victor Hugo", "{} quai des Artisans"),
    "it": ("Via Roma {}", "Corso Italia {}", "Via dell'Industria {}"),
    "es": ("Calle Mayor {}", "Avenida de la Industria {}", "Paseo de la Reforma {}"),
    "pt": ("Avenida Paulista {}", "Rua das Flores {}", "Rua da Indústria {}"),
    "ja": ("中央{}丁目", "本町{}丁目", "丸の内{}丁目"),
    "ko": ("테헤란로 {}", "중앙대로 {}", "강남대로 {}"),
    "in": ("{} MG Road", "{} Residency Road", "{} Industrial Estate"),
}  # fmt: skip
SMALL_NUMBERS = frozenset({"ja"})


def country_of(city: City) -> Country:
    return COUNTRIES[city.country]


def cities_in(country: str) -> list[City]:
    return [city for city in CITIES if city.country == country]


def address_in(dice: Random, city: City, *, kind: str) -> dict[str, Any]:
    """A structured address near the centre of the city."""
    culture = country_of(city).culture
    number = dice.randint(1, 5 if culture in SMALL_NUMBERS else 280)
    return {
        "kind": kind,
        "street": dice.choice(STREETS[culture]).format(number),
        "city": city.name,
        "state": city.state,
        "postcode": digits(dice, city.postcode),
        "country": city.country,
        "latitude": round(dice.gauss(city.latitude, SPREAD_DEGREES), 5),
        "longitude": round(dice.gauss(city.longitude, SPREAD_DEGREES), 5),
    }
