"""Articles and questions with the article that answers each: what suggestions are measured by.

Both were made up for this test by one author, the questions as customers write, without looking at the
articles' words; there is no set of real ones that may be used here. So the figures compare methods with
each other; they do not say how often a real desk will be served. See docs/knowledge-base.md.
"""

from typing import Final

# topic: (language, title, body) of each article about it
ARTICLES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "password": (
        ("zh-CN", "重置登录密码", "在登录页点击“忘记密码”，输入注册邮箱或手机号，收到验证码后设置新密码。连续输错五次账户会被锁定三十分钟。"),
        ("en", "Reset a forgotten password", "Open the sign-in page, choose Forgotten password and enter your email address. The link in the message is valid for one hour. After five wrong attempts the account is locked for thirty minutes."),
    ),
    "invoice_new": (
        ("zh-CN", "申请开具增值税发票", "订单完成后在“我的订单”中点击申请开票，填写公司名称和纳税人识别号。电子发票一个工作日内发到邮箱，纸质专票三天内寄出。"),
        ("en", "Request a VAT invoice", "Once an order is complete, open it and choose Request invoice. Enter the company name and tax number. Electronic invoices arrive by email within one working day."),
    ),
    "invoice_wrong": (
        ("zh-CN", "发票抬头或税号错误的更正", "已开发票信息有误时请勿撕毁，提交红冲申请并上传原发票照片，审核后作废旧票并重新开具正确的发票。"),
        ("en", "Correct a mistake on an invoice", "If the name, address or tax number on an invoice is wrong, ask for a credit note. We cancel the old invoice and issue a corrected one."),
    ),
    "refund": (
        ("zh-CN", "退款多久到账", "退货签收并检验合格后发起退款，原路退回。银行卡三到七个工作日，支付宝和微信一般二十四小时内。"),
        ("en", "When a refund arrives", "We pay the money back by the way you paid, after the goods have been checked. Cards take three to seven working days, wallets one day."),
    ),
    "return": (
        ("zh-CN", "退货和换货流程", "收货七天内可申请退换货。商品须保持完好、配件齐全，在订单中选择退货原因，打印退货单，快递上门取件。"),
        ("en", "Return or exchange goods", "Within fourteen days of delivery you may send goods back. Choose the reason in the order, print the label and hand the parcel to the courier. Accessories must be complete."),
    ),
    "tracking": (
        ("zh-CN", "查询物流进度", "发货后在订单详情可查看运单号和配送轨迹。轨迹超过四十八小时没有更新，请联系承运商或提交查件申请。"),
        ("en", "Track a shipment", "The order shows the tracking number as soon as the parcel has left. If the status has not changed for two days, ask us to search for it with the carrier."),
    ),
    "damaged": (
        ("zh-CN", "收到破损商品怎么处理", "请在签收时当面验货，发现外箱破损或商品损坏立即拍照，四十八小时内上传照片，我们免费补发。"),
        ("en", "Goods arrived damaged", "Take photographs of the box and the product and send them within two days. We replace what was broken in transport free of charge."),
    ),
    "connect": (
        ("zh-CN", "设备无法连接无线网络", "确认路由器使用2.4G频段，设备指示灯闪烁时长按配网键五秒，在应用中重新添加。信号弱请靠近路由器。"),
        ("en", "The device does not connect to Wi-Fi", "The device supports the 2.4 GHz band only. Hold the pairing button for five seconds until the light blinks, then add the device again in the app. Move it closer to the router if reception is weak."),
    ),
    "noise": (
        ("zh-CN", "设备运行噪音异常", "检查是否放置平稳、滤网是否堵塞、风扇叶片有无异物。清洁后仍有异响，请停机并预约工程师检修轴承。"),
        ("en", "Unusual noise from the machine", "Check that it stands level, that the filter is clean and that nothing touches the fan. If the rattling goes on, switch it off and book an engineer: a bearing may be worn."),
    ),
    "leak": (
        ("zh-CN", "漏水故障排查", "关闭进水阀，检查接头密封圈和排水管。密封圈老化需更换，排水管堵塞请清理。地面积水先断电。"),
        ("en", "Water is leaking", "Close the inlet valve and look at the seals and the drain hose. Replace a worn gasket; clear a blocked hose. Disconnect the power before you mop up."),
    ),
    "warranty": (
        ("zh-CN", "保修期限与范围", "整机保修一年，核心部件三年，凭购买凭证。人为损坏、私自拆修不在保修范围。延保可在到期前购买。"),
        ("en", "What the warranty covers", "The whole machine is covered for one year, its main parts for three, with the proof of purchase. Misuse and repairs by others are excluded. An extension may be bought before it ends."),
    ),
    "visit": (
        ("zh-CN", "预约或改期上门服务", "在“服务预约”选择时间段，工程师提前半小时电话联系。如需改约或取消，请在前一天十八点前操作。"),
        ("en", "Book or move an engineer's visit", "Choose a slot under Appointments; the technician calls half an hour before. Change or cancel it until six in the evening of the day before."),
    ),
    "users": (
        ("zh-CN", "添加成员和分配权限", "管理员在“成员管理”中邀请同事，选择角色。角色决定可以查看和修改的数据，离职成员请停用而不是删除。"),
        ("en", "Add colleagues and give them rights", "An administrator invites members under Team and chooses a role. The role says which data somebody may see and change. Deactivate people who leave."),
    ),
    "import": (
        ("zh-CN", "用表格批量导入客户数据", "下载模板，按列填写后上传Excel或CSV，编码使用UTF-8。系统会先预览，标出重复和格式错误的行。"),
        ("en", "Import customers from a spreadsheet", "Download the template, fill in the columns and upload the CSV or Excel file in UTF-8. A preview marks duplicate rows and wrong formats first."),
    ),
    "payment": (
        ("zh-CN", "支付失败的常见原因", "余额不足、超过单笔限额、网银未开通或浏览器拦截弹窗都会导致付款失败。请更换付款方式或联系发卡行。"),
        ("en", "Why a payment fails", "The limit of the card, missing funds, a blocked pop-up window or a bank that asks for confirmation may stop it. Try another method or call the bank that issued the card."),
    ),
    "price": (
        ("zh-CN", "批量采购优惠与报价", "采购满五十件可享受阶梯价格，请联系客户经理获取正式报价单，有效期三十天，年框客户另有折扣。"),
        ("en", "Discounts for large quantities", "From fifty pieces on prices go down in steps. Your account manager sends a formal quotation, which is valid for thirty days."),
    ),
}  # fmt: skip
# topic: what customers write
QUESTIONS: Final[dict[str, tuple[str, ...]]] = {
    "password": ("我登不上去了，密码想不起来", "试了好多次账号被锁了，什么时候能解开", "can't log in anymore, I don't remember my pw and now it says locked", "The email to set a new password never came"),
    "invoice_new": ("上周买的东西能给公司开票吗", "专票什么时候寄给我们", "we need a tax invoice for our last purchase, made out to the company", "Where do I get the electronic VAT receipt for my order?"),
    "invoice_wrong": ("你们把我们公司名字打错了，票要重新开", "税号少了一位，发票能改吗", "the tax number on the bill is not ours, please cancel and reissue", "Wrong company address printed on invoice 2231"),
    "refund": ("东西都退回去一周了钱还没收到", "微信付的款，退款一般几天回来", "I sent it back ten days ago and still have no money on my card", "How long until I get reimbursed?"),
    "return": ("买错型号了，想换一个大的", "不想要了可以退吗，包装已经拆了", "ordered the wrong size, can I swap it for another", "I'd like to send this back, how do I get a label?"),
    "tracking": ("我的包裹到哪里了，三天没动静", "快递单号查不到信息", "parcel has been stuck at the depot since Monday", "Where is my order? it should have been here yesterday"),
    "damaged": ("箱子压扁了，里面的玻璃碎了", "刚收到货就发现外壳有裂痕，有照片", "box was crushed and the screen is cracked on arrival", "The courier dropped it, product broken, want a replacement"),
    "connect": ("怎么都连不上家里的wifi", "换了新路由器以后设备一直离线", "device keeps showing offline after we changed the router", "The app cannot find the machine, the lamp just flashes"),
    "noise": ("机器开起来嗡嗡响，声音特别大", "运行的时候有咔咔的异响", "makes a terrible rattling sound when the fan starts", "very loud humming since yesterday"),
    "leak": ("机器底下一滩水", "接头那里一直在滴水", "there is a puddle under the unit every morning", "Dripping from the hose connection"),
    "warranty": ("买了两年了，压缩机坏了还保吗", "自己拆开修过，还能免费维修吗", "is the motor still covered after two years?", "Can we purchase longer guarantee for the equipment"),
    "visit": ("师傅说好明天来，我临时有事想改到周五", "想约个工程师上门看看", "need to reschedule the technician, I'm not home on Tuesday", "Please send someone to look at the equipment next week"),
    "users": ("新来的同事怎么开账号", "小李离职了，他的账号怎么处理，数据权限要收回", "a new hire needs access, how do I invite her", "Our intern can see all deals, I want to restrict what he may view"),
    "import": ("我们有几千条客户在excel里，怎么一次性传上去", "上传表格以后中文都是乱码", "csv upload shows garbled characters and duplicates", "How can we load our old customer list in one go?"),
    "payment": ("付款的时候一直提示失败，卡里有钱的", "网银跳转的页面打不开", "my credit card gets declined at checkout", "bank popup never opens when I try to pay"),
    "price": ("一次买两百台能便宜多少", "要一份正式的报价给采购部", "we plan to buy 120 units, what would be the reduction", "Please send me a quote for a bulk order"),
}  # fmt: skip
