"""The default response table as data; admins make their own edition of it.

Each row: promise, severity, limit, owner, chain. wh and wd count working time; h, min and cd the clock.
"""

STANDARD = [
    {"at": 50, "tell": ["owner"]},
    {"at": 75, "tell": ["owner", "team_leader"]},
    {"at": 90, "tell": ["manager"]},
    {"at": 100, "tell": ["manager", "supervisor"]},
    {"at": 150, "tell": ["division_leader"]},
    {"at": 200, "tell": ["general_manager"]},
]
CRITICAL = [
    {"at": 25, "tell": ["owner", "team_leader"]},
    {"at": 50, "tell": ["manager", "supervisor"]},
    {"at": 75, "tell": ["division_leader"]},
    {"at": 100, "tell": ["general_manager", "supervisor"]},
]
SIGNING = [
    {"at": 50, "tell": ["owner"]},
    {"at": 100, "tell": ["manager"]},
    {"at": 200, "tell": ["supervisor"]},
]
CHAINS = {"standard": STANDARD, "critical": CRITICAL, "signing": SIGNING}

_LIMITS = {
    "acknowledge": ("desk", {"S1": "10 min", "S2": "30 min", "S3": "2 wh", "S4": "4 wh"}),
    "first_answer": ("desk", {"S1": "30 min", "S2": "2 h", "S3": "8 wh", "S4": "2 wd"}),
    "update": ("department", {"S1": "2 h", "S2": "1 cd", "S3": "2 wd", "S4": "5 wd"}),
    "containment": ("department", {"S1": "2 h", "S2": "8 h"}),
    "sign": ("department", {"S1": "30 min", "S2": "2 h", "S3": "4 wh", "S4": "4 wh"}),
    "send_back": ("department", {"S1": "2 h", "S2": "8 h", "S3": "2 wd", "S4": "2 wd"}),
    "department_reply": ("department", {"S1": "12 h", "S2": "2 cd", "S3": "4 wd", "S4": "8 wd"}),
    "resolve": ("department", {"S1": "24 h", "S2": "3 cd", "S3": "5 wd", "S4": "10 wd"}),
    "callback": ("desk", {"S1": "24 h", "S2": "1 wd", "S3": "2 wd", "S4": "2 wd"}),
    "close": ("desk", {"S1": "3 wd", "S2": "5 wd", "S3": "10 wd", "S4": "10 wd"}),
    "hold": ("desk", {"S1": "24 h", "S2": "72 h", "S3": "10 wd", "S4": "20 wd"}),
}
# What a closer condition changes: promise, severity "", and the condition. '' makes no promise.
_SPECIAL = [
    # Only complaints are called back.
    *(
        ("callback", "desk", "", {"kind": kind})
        for kind in ("request", "enquiry", "suggestion", "praise", "report")
    ),
    # Enquiries and praise never go to a department.
    *(
        (promise, "department", "", {"kind": kind})
        for promise in ("sign", "send_back", "department_reply")
        for kind in ("enquiry", "praise")
    ),
    ("update", "department", "", {"kind": "praise"}),
    ("acknowledge", "desk", "1 h", {"channel": "media"}),
    ("acknowledge", "desk", "1 wd", {"channel": "letter"}),
    ("margin", "desk", "2 wd", {}),
]


def _chain(promise: str, severity: str) -> str:
    if severity == "S1":
        return "critical"
    return "signing" if promise in ("sign", "send_back") else "standard"


POLICY = [
    {
        "promise": promise,
        "severity": severity,
        "limit": limit,
        "owner": owner,
        "chain": _chain(promise, severity),
    }
    for promise, (owner, limits) in _LIMITS.items()
    for severity, limit in limits.items()
] + [
    {"promise": promise, "limit": limit, "owner": owner, "chain": _chain(promise, ""), **condition}
    for promise, owner, limit, condition in _SPECIAL
]

# code, parent, Chinese, English, severity, offered on the public form
CATEGORIES = [
    ("quality", "", "产品质量", "Product quality", "S3", True),
    ("quality.appliance", "quality", "家用电器", "Household appliances", None, True),
    ("quality.appliance.fridge", "quality.appliance", "冰箱", "Fridges", None, True),
    ("quality.appliance.washer", "quality.appliance", "洗衣机", "Washing machines", None, True),
    ("quality.appliance.aircon", "quality.appliance", "空调", "Air conditioners", None, True),
    ("quality.small", "quality", "小家电", "Small appliances", None, True),
    ("quality.packaging", "quality", "包装破损", "Damaged packaging", None, True),
    ("safety", "", "安全事故", "Safety", "S1", True),
    ("safety.injury", "safety", "人身伤害", "Injury", "S1", True),
    ("safety.fire", "safety", "起火冒烟", "Fire or smoke", "S1", True),
    ("delivery", "", "物流配送", "Delivery", "S3", True),
    ("delivery.late", "delivery", "送货延误", "Late delivery", None, True),
    ("delivery.damage", "delivery", "运输损坏", "Damaged in transit", None, True),
    ("delivery.lost", "delivery", "包裹丢失", "Lost parcel", None, True),
    ("service", "", "安装维修", "Installation and repair", "S3", True),
    ("service.install", "service", "安装", "Installation", None, True),
    ("service.repair", "service", "维修", "Repair", None, True),
    (
        "service.repair.twice",
        "service.repair",
        "同一故障二次上门",
        "Second visit for the same fault",
        "S2",
        True,
    ),
    ("service.parts", "service", "等待配件", "Waiting for parts", None, True),
    ("attitude", "", "服务态度", "Service attitude", "S3", True),
    ("billing", "", "费用退款", "Billing and refunds", "S3", True),
    ("billing.refund", "billing", "退款未到", "Refund not received", None, True),
    ("billing.charge", "billing", "收费错误", "Wrong charge", None, True),
    ("billing.invoice", "billing", "发票", "Invoice", "S4", True),
    ("contract", "", "虚假宣传与合同", "False promise or contract", "S2", True),
    ("privacy", "", "个人信息", "Privacy", "S2", True),
    ("system", "", "系统故障", "Website or app fault", "S3", True),
    ("system.login", "system", "无法登录", "Can't sign in", None, True),
    ("system.payment", "system", "支付失败", "Payment fails", None, True),
    ("site", "", "环境物业", "Premises and noise", "S3", True),
    ("handling", "", "对投诉处理不满", "About how a complaint was handled", "S2", True),
    ("advice", "", "咨询建议表扬", "Questions, suggestions, praise", "S4", True),
]
