"""The knowledge base of the demo: what is asked most, in Chinese and in English."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id

ARTICLES, CATEGORIES = "/v1/articles", "/v1/article-categories"
MOST_USED: Final = 4
NAMES: Final = ("使用 Using it", "订单与发票 Orders and invoices")
# Category, visibility, kind; then by language the subject it answers, its title and its text.
WRITTEN: Final = (
    (0, "public", "question", {
        "zh-CN": ("如何导出月报", "如何导出月度报表", "打开“报表”，选择月份，点击右上角“导出”。\n\n- 格式：Excel 或 CSV\n- 历史数据保留三年"),
        "en": ("How to export the monthly report", "Export the monthly report", "Open *Reports*, choose the month and press **Export**.\n\n- Excel or CSV\n- Three years are kept"),
    }),
    (0, "public", "incident", {
        "zh-CN": ("系统无法登录", "无法登录系统时的检查步骤", "1. 确认账号未被锁定\n2. 重置密码\n3. 清除浏览器缓存\n4. 仍无法登录请联系管理员"),
        "en": ("Nobody can sign in", "When nobody can sign in", "1. Look at the status page\n2. Check that the licence is valid\n3. Reset the password of one user\n4. Call us"),
    }),
    (0, "partner", "question", {
        "zh-CN": ("保修期怎么计算", "保修期的计算方式", "保修期自验收之日起十二个月；核心部件三十六个月。凭合同编号查询。"),
        "en": ("What the warranty covers", "Warranty: what is covered and how long", "Twelve months from acceptance, thirty-six for the main parts. Wear and misuse are excluded."),
    }),
    (1, "public", "complaint", {
        "zh-CN": ("发票抬头有误", "发票抬头或税号有误如何更正", "提交红冲申请并上传原发票照片，审核后重新开具，三个工作日内寄出。"),
        "en": ("Wrong name on the invoice", "Correct the name on an invoice", "Ask for a credit note; the corrected invoice follows within three working days."),
    }),
    (1, "internal", "complaint", {
        "zh-CN": ("交货延迟一周", "交货延迟的内部处理办法", "先致歉并告知原因，再与物流确认新的日期，向客户作出承诺并记录。超过两周报主管。"),
        "en": ("Delivered a week late", "Late deliveries: what we do", "Say sorry and why, agree a new date with logistics, promise it and put it down. After two weeks tell the manager."),
    }),
    (1, "public", "request", {
        "zh-CN": ("变更收货地址", "发货前变更收货地址", "订单未发货时可在订单详情修改地址；已发货请联系客服联系承运商改派。"),
        "en": ("A new delivery address", "Change the delivery address", "Before dispatch change it in the order; afterwards we ask the carrier to redirect the parcel."),
    }),
)  # fmt: skip


def make_categories(seed: int) -> list[Record]:
    """As `POST /v1/article-categories` takes them."""
    return [
        {"id": str(demo_id(seed, "article category", number)), "name": name, "position": number}
        for number, name in enumerate(NAMES)
    ]


def _each(seed: int) -> Iterator[tuple[Record, str]]:
    """Each article with the subject of the tickets that it answers."""
    for topic, (category, visibility, kind, texts) in enumerate(WRITTEN):
        first = str(demo_id(seed, "article", topic * 2))
        for place, (language, (subject, title, body)) in enumerate(texts.items()):
            article: Record = {
                "id": str(demo_id(seed, "article", topic * 2 + place)), "title": title,
                "summary": subject, "body": body, "language": language, "visibility": visibility,
                "kinds": [kind], "review_every_days": 180,
                "category_id": str(demo_id(seed, "article category", category)),
            }  # fmt: skip
            yield (article if place == 0 else article | {"translation_of": first}), subject


def make_articles(seed: int) -> list[Record]:
    """As `POST /v1/articles` takes them: drafts."""
    return [article for article, _ in _each(seed)]


def make_uses(
    seed: int, tickets: Sequence[Record], present: Mapping[str, Record]
) -> list[list[Write]]:
    """Of each article that nobody has touched since it was made: the tickets that it was used for, its
    publication, and what a reader says of it."""
    found = []
    for number, (article, subject) in enumerate(_each(seed)):
        known = present.get(article["id"])
        if known is not None and known["version"] == 1:
            asked = [ticket["id"] for ticket in tickets if ticket["subject"] == subject]
            found.append(list(_uses(article["id"], asked[:MOST_USED], is_helpful=number % 4 != 3)))
    return found


def _uses(article_id: str, tickets: Sequence[str], *, is_helpful: bool) -> Iterator[Write]:
    for ticket_id in tickets:
        yield Write(f"/v1/tickets/{ticket_id}/articles", {"article_id": article_id})
    yield Write(f"{ARTICLES}/{article_id}/publish", {"note": "第一版 First edition"}, version=1)
    yield Write(f"{ARTICLES}/{article_id}/feedback", {"helpful": is_helpful})
