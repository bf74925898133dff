"""Two filled-in forms of the kind people know, for looking at and for testing."""

from datetime import UTC, datetime

from helpdesk.paper import Block, Cell, Form, Row, Signatures, TableBlock

PRINTED_AT = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def complaint_form() -> Form:
    """客户投诉处理表: a fridge that was repaired three times, in Chinese."""
    return Form(
        title="客户投诉处理表",
        subtitle="华澜家电客户服务中心",
        number="2026-000412",
        qr_text="https://desk.example.org/t/2026-000412",
        blocks=[_customer(), _matter(), _promises(), _handling(), _signatures()],
        footer="登记：陈思远　2026-03-09 09:12　打印：2026-03-09 16:30",
        language="zh_Hans",
    )


def _customer() -> Block:
    return Block(
        "一、客户与产品",
        [
            Row([Cell("紧急程度", "急件（二级）"), Cell("登记时间", "2026-03-09 09:12"),
                 Cell("来源渠道", "电话"), Cell("受理人", "陈思远")]),
            Row([Cell("客户名称", "王芳", big=True), Cell("联系电话", "139 1234 5678"),
                 Cell("联系地址", "山东省青岛市市北区延吉路 76 号 3 单元 1402 室", span=2)]),
            Row([Cell("产品／型号", "冰箱 BCD-452W"), Cell("序列号", "HL25110300781"),
                 Cell("订单号", "SO-2025-118830"), Cell("购买日期", "2025-11-03")]),
            Row([Cell("同一订单", "第 3 次"), Cell("同类问题", "第 2 次"),
                 Cell("是否保密", "否"), Cell("投诉分类", "安装维修 › 重复故障")]),
        ],
    )  # fmt: skip


def _matter() -> Block:
    words = (
        "冰箱自去年十二月起冷藏室不制冷，师傅上门三次：第一次说是温控器，换了；第二次加了制冷剂；"
        "第三次（3 月 7 日）又说要换压缩机，要我再等两周。冰箱里的药品（需 2–8 ℃ 保存）已经坏了"
        "两盒，一共 436.00 元。每次都要请假在家等，电话里说“两小时内到”，结果等了一整天！"
    )
    return Block(
        "二、投诉内容",
        [
            Row([Cell("客户陈述（原话）", words, span=4, tall=3)]),
            Row([Cell("客户要求", "更换同型号新机，赔偿药品损失，书面说明原因。", span=3),
                 Cell("约定答复时间", "2026-03-10 17:30 前", big=True)]),
        ],
    )  # fmt: skip


def _promises() -> TableBlock:
    return TableBlock(
        "三、响应时限表",
        ["事项", "责任部门", "应于", "实际", "结论"],
        [
            ["告知收到", "客服中心", "2026-03-09 09:42", "2026-03-09 09:15", "✓ 按时"],
            ["首次人工答复", "客服中心", "2026-03-09 11:12", "2026-03-09 10:40", "✓ 按时"],
            ["签收", "售后服务部", "2026-03-09 13:42", "2026-03-09 14:20", "◆ 超时 38 分钟"],
            ["办理答复", "售后服务部", "2026-03-12 09:12", "", "进行中"],
            ["回访", "客服中心", "2026-03-13 17:30", "", "未到期"],
        ],
        [2.2, 1.8, 2.4, 2.4, 2.2],
    )


def _handling() -> Block:
    return Block(
        "四、办理情况",
        [
            Row([Cell("主办部门", "售后服务部"), Cell("协办部门", "质量部、备件中心"),
                 Cell("责任人", "张伟"), Cell("要求完成时间", "2026-03-12 09:12")]),
            Row([Cell("调查经过与原因分析", "三次维修均未做检漏。压缩机吸气管焊点微漏，属装配不良；"
                      "前两次维修未按作业指导书保压 24 h，未能发现。", span=2, tall=2),
                 Cell("处理措施", "同意换新机，3 月 11 日上午送装；药品损失 436.00 元随货款退回；"
                      "由质量部出具书面说明。", span=2, tall=2)]),
            Row([Cell("赔偿方式", "换货 ＋ 赔款"), Cell("赔偿金额", "¥436.00"),
                 Cell("整改通知单号", "质整〔2026〕12号"), Cell("回访结果", "")]),
        ],
    )  # fmt: skip


def _signatures() -> Signatures:
    return Signatures(
        "五、审批意见",
        [
            (
                "部门负责人意见",
                "刘建国",
                "情况属实，同意换机。漏检的班组周会通报。",
                "2026-03-09",
            ),
            ("客服主管意见", "", "", ""),
        ],
    )


def rectification_notice() -> Form:
    """问题整改通知单 for the same matter, in both languages."""
    return Form(
        title="问题整改通知单",
        subtitle="Rectification notice",
        number="质整〔2026〕12号",
        qr_text="https://desk.example.org/n/12",
        blocks=[_notice_head(), _notice_problem(), _notice_answer(), _notice_check(),
                _notice_signatures()],
        footer="一式两份，签发、责任部门各存一份。 One copy each for issuer and department.",
        language="both",
    )  # fmt: skip


def _notice_head() -> Block:
    return Block(
        "签发 Issue",
        [
            Row([Cell("签发部门 Issued by", "质量部 Quality"), Cell("签发人 Issuer", "赵敏"),
                 Cell("签发日期 Date", "2026-03-09"), Cell("级别 Grade", "严重 Major", big=True)]),
            Row([Cell("责任部门 Department", "售后服务部 After-sales"),
                 Cell("责任人 Responsible", "张伟"),
                 Cell("关联单号 Case", "2026-000412"),
                 Cell("整改期限 Due", "2026-03-23", big=True)]),
        ],
    )  # fmt: skip


def _notice_problem() -> Block:
    return Block(
        "问题 Problem",
        [
            Row([Cell("问题描述（时间、地点、现象、数量） Problem",
                      "2025-12-18 至 2026-03-07，同一台 BCD-452W（序列号 HL25110300781）"
                      "上门维修三次，三份维修记录均无检漏与保压数据。\n"
                      "The same appliance was repaired three times from 18 December to 7 March; "
                      "none of the three records holds a leak test.", span=4, tall=3)]),
            Row([Cell("违反条款／依据 Basis", "《制冷维修作业指导书》4.3：充注后保压 24 h", span=2),
                 Cell("整改要求 Requirement", "补做检漏；三日内上报方案；举一反三排查同批次维修。",
                      span=2)]),
        ],
    )  # fmt: skip


def _notice_answer() -> Block:
    rows = [
        Row([Cell("原因分析 Root cause", tall=2)]),
        Row([Cell("纠正 Correction", tall=2), Cell("纠正措施 Corrective action", tall=2)]),
        Row([Cell("预防措施 Preventive action", tall=2),
             Cell("举一反三（范围及结果） Same fault elsewhere", tall=2)]),
        Row([Cell("计划完成日 Planned"), Cell("完成日 Done")]),
    ]  # fmt: skip
    return Block("责任部门答复 Answer of the department", rows, columns=2)


def _notice_check() -> Block:
    return Block(
        "复查 Check",
        [
            Row([Cell("复查结果 Result", "□ 合格 Pass　□ 部分 Partly　□ 不合格 Fail", span=2),
                 Cell("复查日期 Date"), Cell("再整改期限 New due date")]),
        ],
    )  # fmt: skip


def _notice_signatures() -> Signatures:
    return Signatures(
        "签字 Signatures",
        [
            ("签发人 Issuer", "赵敏", "请按期回复。", "2026-03-09"),
            ("责任部门签收 Received by the department", "", "", ""),
            ("复查人 Verifier", "", "", ""),
        ],
    )
