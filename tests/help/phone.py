"""A call as the phone form hands it over."""

from __future__ import annotations

CASE = {
    "phone": "0086-139 1234 5678",
    "name": "王芳",
    "kind": "complaint",
    "severity": "",
    "category": "Fridges",
    "channel": "phone",
    "level": "",
    "place": "海淀区",
    "subject": "冰箱不制冷",
    "body": "第三次维修后仍不制冷。",
    "demand": "退货",
    "product": "冰箱",
}
