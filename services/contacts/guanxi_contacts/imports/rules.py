"""What columns of a file can be: the fields of accounts and contacts with the names people give them."""

from collections.abc import Mapping
from types import MappingProxyType

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.fields import ImportField
from guanxi_shared.imports.reach_fields import emails, phones

ADDRESSES = "addresses"

ADDRESS_KINDS = {
    "work": "office",
    "办公": "office",
    "开票": "billing",
    "收货": "shipping",
    "家": "home",
}
KINDS = {
    "公司": "company",
    "企业": "company",
    "organisation": "company",
    "个人": "person",
    "客户个人": "person",
}
STAGES = {"潜在": "prospect", "新": "new", "活跃": "active", "忠诚": "loyal", "流失": "lost"}
ROLES = {
    "决策者": "decision_maker",
    "影响者": "influencer",
    "使用者": "user",
    "把关者": "gatekeeper",
    "采购": "buyer",
}
STANCES = {"支持": "supporter", "中立": "neutral", "反对": "opponent", "未知": "unknown"}


def _text(name: str, *aliases: str) -> ImportField:
    return ImportField(name, (name,), aliases=aliases)


def _typed(name: str, kind: str, *aliases: str) -> ImportField:
    return ImportField(name, (name,), kind, aliases)


def _word(name: str, words: Mapping[str, str], *aliases: str) -> ImportField:
    return ImportField(name, (name,), f.WORD, aliases, words)


def _addresses() -> list[ImportField]:
    def part(name: str, *aliases: str, kind: str = f.TEXT) -> ImportField:
        return ImportField(f"address_{name}", (ADDRESSES, 1, name), kind, aliases, is_numbered=True)

    return [
        part("street", "street", "address", "street address", "adr street", "billing street", "office location street",
             "地址", "街道", "详细地址", "联系地址", "公司地址", "通讯地址"),
        part("city", "city", "town", "adr city", "城市", "市", "所在城市"),
        part("state", "state", "province", "adr region", "county", "省", "省份", "州"),
        part("postcode", "postcode", "postal code", "zip", "zip code", "adr postcode", "邮编", "邮政编码"),
        part("country", "country", "adr country", "country region", "国家", "国家地区"),
        part("latitude", "latitude", "lat", "纬度", kind=f.NUMBER),
        part("longitude", "longitude", "lon", "lng", "经度", kind=f.NUMBER),
        ImportField("address_kind", (ADDRESSES, 1, "kind"), f.WORD, ("adr kind", "address type"), ADDRESS_KINDS, is_numbered=True),
    ]  # fmt: skip


def _common() -> list[ImportField]:
    return [
        _text("id", "guanxi id"),
        _text("external_id", "external id", "legacy id", "record id", "customer id", "customer number", "uid",
              "account id", "contact id", "编号", "客户编号", "外部编号", "客户代码"),
        _text("source", "lead source", "origin", "来源", "客户来源", "渠道"),
        _text("description", "notes", "note", "remark", "remarks", "comment", "comments", "备注", "说明", "描述"),
        _typed("tags", f.LIST, "tag", "labels", "label", "categories", "标签"),
        ImportField("owner", ("owner",), f.REFERENCE, (
            "owner email", "account owner", "contact owner", "sales rep", "sales agent", "salesperson",
            "负责人", "所有人", "业务员", "销售代表", "客户经理", "负责人邮箱")),
        ImportField("team", ("team",), f.REFERENCE, ("team name", "团队", "所属团队", "销售团队")),
        _text("owner_id"),
        _text("team_id"),
        _typed("created_at", f.INSTANT, "created", "created on", "created date", "create time", "date created",
               "创建时间", "创建日期", "建档日期"),
        *phones(), *emails(), *_addresses(),
    ]  # fmt: skip


def _named(*fields: ImportField) -> Mapping[str, ImportField]:
    return MappingProxyType({each.name: each for each in fields})


ACCOUNT_FIELDS = _named(
    _text("name", "account", "account name", "company", "company name", "customer", "customer name",
          "organisation", "organization", "org", "full name", "client",
          "名称", "客户", "客户名称", "公司", "公司名称", "单位名称", "企业名称"),
    _text("legal_name", "legal entity", "registered name", "法定名称", "公司全称", "注册名称"),
    _text("short_name", "abbreviation", "nickname", "简称", "客户简称", "公司简称"),
    _text("local_name", "native name", "本地名称", "中文名称"),
    _word("kind", KINDS, "account type", "customer type", "type", "类型", "客户类型"),
    _text("industry", "sector", "line of business", "行业", "所属行业"),
    _text("region", "area", "territory", "区域", "大区", "地区", "所属区域"),
    _text("domain", "domain name", "域名"),
    _text("website", "web site", "url", "homepage", "web", "网址", "网站", "公司网站", "官网"),
    _typed("founded_year", f.INTEGER, "year established", "founded", "established", "year founded", "成立年份", "成立时间"),
    _typed("staff_count", f.INTEGER, "employees", "number of employees", "staff", "headcount", "company size",
           "员工数", "员工人数", "人数", "公司规模"),
    ImportField("revenue", ("revenue", "amount"), f.MONEY, ("annual revenue", "turnover", "sales volume", "年收入", "营业额", "年营业额", "营收")),
    ImportField("revenue_currency", ("revenue", "currency"), f.CURRENCY, ("currency", "币种", "货币")),
    ImportField("credit_limit", ("credit_limit", "amount"), f.MONEY, ("credit line", "信用额度", "授信额度", "信用限额")),
    ImportField("credit_limit_currency", ("credit_limit", "currency"), f.CURRENCY, ("credit currency", "信用额度币种")),
    ImportField("parent", ("parent",), f.REFERENCE, (
        "parent account", "parent company", "subsidiary of", "parent name", "上级客户", "母公司", "上级公司")),
    ImportField("parent_external_id", ("parent_external_id",), f.REFERENCE, ("parent external id", "上级编号")),
    ImportField("parent_id", ("parent_id",), f.REFERENCE),
    _text("referred_by_id"),
    _typed("grade", f.TEXT, "rating", "class", "等级", "客户等级", "客户级别", "级别"),
    _word("lifecycle_stage", STAGES, "lifecycle", "stage", "status", "阶段", "生命周期", "客户状态"),
    _word("relationship_level", {}, "relationship", "关系等级"),
    _word("needs_tier", {}, "需求层次"),
    *(ImportField(f"key_account_{n}", ("key_account", n)) for n in ("operating_history", "business_model", "honours", "plan")),
    *_common(),
)  # fmt: skip

CONTACT_FIELDS = _named(
    _text("name", "full name", "contact", "contact name", "person", "display name",
          "姓名", "联系人", "联系人姓名", "名字", "名称"),
    _text("given_name", "first name", "forename", "given", "名"),
    _text("family_name", "last name", "surname", "family", "姓"),
    _text("title", "job title", "position", "role title", "contact title", "职位", "职务", "头衔"),
    _text("department", "org unit", "division", "部门"),
    _typed("birthday", f.DAY, "birth date", "date of birth", "dob", "bday", "生日", "出生日期"),
    _text("language", "preferred language", "语言"),
    _text("time_zone", "timezone", "时区"),
    _typed("hobbies", f.LIST, "hobby", "interests", "爱好", "兴趣"),
    _text("achievements", "成就"),
    _text("family_notes", "family notes", "家庭情况"),
    _text("reports_to_id"),
    ImportField("account_name", ("account_name",), f.REFERENCE, (
        "account", "company", "company name", "organisation", "organization", "org", "employer",
        "公司", "公司名称", "客户", "客户名称", "单位", "所属客户", "所属公司")),
    ImportField("account_external_id", ("account_external_id",), f.REFERENCE, ("account number", "company id", "客户编号")),
    ImportField("account_id", ("account_id",), f.REFERENCE),
    ImportField("role", ("accounts", 1, "role"), f.WORD, ("buying role", "采购角色", "角色"), ROLES),
    ImportField("stance", ("accounts", 1, "stance"), f.WORD, ("attitude", "立场", "态度"), STANCES),
    *_common(),
)  # fmt: skip
