"""Deadlines of law and regulators, as profiles that an admin may switch on.

Each row: code, Chinese, English, what the rule says, the promise that it bounds, limit, source, and
whether the source was confirmed. Local rules win: check a profile with your lawyers before use.
"""

PROFILES = [
    ("cn-consumer-46", "消费者权益保护法第46条", "Consumer Protection Law, art. 46",
     "An authority deals with a complaint within 7 working days", "resolve", "7 wd",
     "消费者权益保护法", True),
    ("cn-refund", "消费者权益保护法第25条（退款）", "Consumer Protection Law, art. 25 (refund)",
     "Refund within 7 days after the goods came back", "resolve", "7 cd",
     "消费者权益保护法", True),
    ("cn-market-accept", "市场监管投诉：受理", "Market regulator: accept or refuse",
     "Accept or refuse a complaint within 7 working days", "acknowledge", "7 wd",
     "市场监督管理投诉举报处理暂行办法 (20)", True),
    ("cn-market-mediation", "市场监管投诉：调解", "Market regulator: mediation",
     "Mediation ends after 45 working days", "resolve", "45 wd",
     "市场监督管理投诉举报处理暂行办法 (20)", True),
    ("cn-market-report", "市场监管举报：核查", "Market regulator: report checked",
     "A report is checked within 15 working days", "first_answer", "15 wd",
     "市场监督管理投诉举报处理暂行办法 (20)", True),
    ("cn-bank-simple", "银行保险投诉：一般", "Banks and insurers: simple case",
     "A decision within 15 days", "resolve", "15 cd",
     "银行业保险业消费投诉处理管理办法", True),
    ("cn-bank-complex", "银行保险投诉：复杂", "Banks and insurers: complex case",
     "A decision within 30 days", "resolve", "30 cd",
     "银行业保险业消费投诉处理管理办法", True),
    ("cn-telecom", "电信用户申诉：答复", "Telecom operators: answer",
     "An answer within 15 days", "resolve", "15 cd", "电信用户申诉处理办法", False),
    ("uk-disp", "英国金融投诉 DISP：最终答复", "UK FCA DISP: final response",
     "A final response within 8 weeks", "resolve", "56 cd", "FCA Handbook DISP 1.6", True),
    ("uk-disp-payment", "英国金融投诉 DISP：支付", "UK FCA DISP: payment services",
     "A final response within 15 business days", "resolve", "15 wd", "FCA Handbook DISP 1.6", True),
    ("au-rg271", "澳大利亚 RG 271", "Australia RG 271",
     "A response within 30 days", "resolve", "30 cd", "ASIC RG 271", False),
    ("us-cfpb", "美国 CFPB：最终答复", "US CFPB: final response",
     "A final response within 60 days", "resolve", "60 cd", "CFPB", False),
    ("gdpr", "GDPR 数据主体请求", "GDPR request of a data subject",
     "An answer within one month: 28 days are never too late", "resolve", "28 cd",
     "GDPR art. 12(3)", True),
]  # fmt: skip
