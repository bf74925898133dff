"""The new words of a reply are found, in Chinese and in other mail programs."""

import pytest

from helpdesk.channels.email.reading.quote_lines import header_kind, is_device_line
from helpdesk.channels.email.reading.replies import new_words

QUESTION = "您好，方便提供一下门牌号吗？\n客服小周"
CHINESE = {
    "QQ Mail": "------------------&nbsp;原始邮件&nbsp;------------------\n"
    '发件人: "服务台"<desk@city.example>;\n发送时间: 2025年6月12日(星期四) 下午2:05\n'
    f'收件人: "陈晨"<chen@qq.example>;\n\n主题: 回复：路灯\n\n{QUESTION}',
    "QQ Mail on a telephone": '---原始邮件---\n发件人: "服务台"<desk@city.example>\n'
    f'发送时间: 2025年6月12日(周四) 下午2:05\n收件人: "陈晨"<c@qq>;\n主题: 路灯\n\n{QUESTION}',
    "NetEase web": '在 2025-06-12 14:05:33，"服务台" <desk@city.example> 写道：\n\n'
    + "\n".join(f">{line}" for line in QUESTION.split("\n")),
    "NetEase Mail Master": "---- 回复的原邮件 ----\n| 发件人 | 服务台<desk@city.example> |\n"
    f"| 日期 | 2025年06月12日 14:05 |\n| 收件人 | 陈晨<c@163> |\n| 主题 | 路灯 |\n{QUESTION}",
    "Foxmail": "chen@city.example\n \n发件人： 服务台\n发送时间： 2025-06-12 14:05\n"
    f"收件人： 陈晨\n主题： 路灯\n{QUESTION}",
    "WeCom": "发自我的企业微信\n\n----------Reply to Message----------\n"
    f"On Thu,Jun 12,2025 2:05 PM 服务台<desk@city.example> wrote:\n{QUESTION}",
    "Outlook": "-----邮件原件-----\n发件人: 服务台 <d@c.example>\n发送时间: 2025年6月12日 14:05\n"
    f"收件人: 陈晨 <chen@city.example>\n主题: 路灯\n\n{QUESTION}",
    "Outlook on the web": "________________________________\n发件人: 服务台 <desk@city.example>\n"
    f"发送时间: 2025年6月12日 14:05\n收件人: 陈晨\n抄送: 王处\n主题: 路灯\n\n{QUESTION}",
    "Gmail": "服务台 <desk@city.example> 于2025年6月12日周四 14:05写道：\n\n> "
    + QUESTION.replace("\n", "\n> "),
    "iPhone": "发自我的iPhone\n\n> 在 2025年6月12日，14:05，服务台 <d@c.example> 写道：\n> \n> 好",
    "Aliyun": "-" * 66 + "\n发件人：服务台<desk@city.example>\n日　期：2025年06月12日 14:05:33\n"
    f"收件人：陈晨<chen@aliyun.example>\n主　题：路灯\n\n{QUESTION}",
    "Outlook in Taiwan": "寄件者: 服務台 <desk@city.example>\n寄件日期: 2025年6月12日 下午 02:05\n"
    "收件者: 陳晨\n主旨: 路燈\n\n您好，方便提供門牌號嗎？",
    "Gmail in Taiwan": "服務台 <desk@city.example> 於 2025年6月12日 週四 下午2:05寫道：\n\n> 您好",
    "Coremail": "-----原始邮件-----\n发件人:服务台 <d@c.example>\n发送时间:2025-06-12 14:05\n"
    f"收件人: chen@edu.example\n抄送: \n主题: 路灯\n\n{QUESTION}",
}


@pytest.mark.parametrize("program", CHINESE)
@pytest.mark.parametrize("words", ["在东门3号楼前面。", "收到。\n门牌号是 12-3，\n\n谢谢！"])
def test_a_chinese_mail_program_leaves_only_the_new_words(program, words):
    assert new_words(f"{words}\n\n\n\n{CHINESE[program]}\n") == words


WESTERN = [
    "On Thu, Jun 12, 2025 at 2:05 PM Desk <desk@city.example> wrote:\n\n> Which number?",
    "On Thu, Jun 12, 2025 at 2:05 PM The Desk of the City <\ndesk@city.example> wrote:\n> Hi",
    "Am 12.06.2025 um 14:05 schrieb Desk <desk@city.example>:\n> Hallo",
    "Le jeu. 12 juin 2025 à 14:05, Desk <desk@city.example> a écrit :\n> Bonjour",
    "El jue, 12 jun 2025 a las 14:05, Desk (<desk@city.example>) escribió:\n> Hola",
    "Il giorno gio 12 giu 2025 alle ore 14:05 Desk <desk@city.example> ha scritto:\n> Ciao",
    "Op 12 jun. 2025 om 14:05 schreef Desk <desk@city.example>:\n> Hallo",
    "Em qui., 12 de jun. de 2025 às 14:05, Desk <desk@city.example> escreveu:\n> Oi",
    "Den 12. juni 2025 kl. 14.05 skrev Desk <desk@city.example>:\n\nHei",
    "czw., 12 cze 2025 o 14:05 Desk <desk@city.example> napisał(a):\n> Witam",
    "чт, 12 июн. 2025 г. в 14:05, Desk <desk@city.example> написал:\n> Привет",
    '12.06.2025, 14:05, "Desk" <desk@city.example>:\n> Hi',
    "2025年6月12日(木) 14:05 Desk <desk@city.example>:\n\n> こんにちは",
    "---- On Thu, 12 Jun 2025 14:05:00 +0200 Desk<desk@city.example> wrote ----\n\nHi",
    "-----Original Message-----\nFrom: Desk\nSent: Thursday\nTo: Ann\nSubject: Lamp\n\nHi",
    "-----Ursprüngliche Nachricht-----\nVon: Desk\nGesendet: Donnerstag\nAn: Ann\nBetreff: Lampe",
    "________________________________\nFrom: Desk <desk@city.example>\nSent: 12\nTo: A\nSubject: L",
    "From: Desk <desk@city.example>\nDate: Thursday, 12 June 2025\nTo: Ann\nSubject: Lamp\n\nHi",
    "*From:* Desk\n*Sent:* Thursday\n*To:* Ann\n*Subject:* Lamp\n\nHi",
    "De : Desk <desk@city.example>\nEnvoyé : jeudi 12 juin 2025 14:05\nÀ : Ann\nObjet : Lampe",
    "---------- Forwarded message ---------\nFrom: Desk <desk@city.example>\nDate: Thu\nSubject: L",
    "Begin forwarded message:\n\nFrom: Desk",
    "> quoted without any announcement\n> second line",
    "-- \nAnn Lee\nCity Works\n+1 555 0100",
    "--\nAnn Lee\n\nOn Thu, Jun 12, 2025 at 2:05 PM Desk <desk@city.example> wrote:\n> Hi",
    "Sent from my iPhone\n\nOn 12 Jun 2025, at 14:05, Desk <desk@city.example> wrote:\n\n> Hi",
    "Get Outlook for iOS<https://aka.example>\n________________________________\n"
    "From: Desk <desk@city.example>\nSent: Thursday\nTo: Ann\nSubject: Lamp\n\nHi",
    "_______________________________________________\nlamps mailing list\nlamps@city.example",
]


@pytest.mark.parametrize("quoted", WESTERN)
def test_other_mail_programs_leave_only_the_new_words(quoted):
    assert (
        new_words(f"It is number 12.\n\nThanks, Ann\n\n{quoted}\n")
        == "It is number 12.\n\nThanks, Ann"
    )


@pytest.mark.parametrize(
    "text",
    [
        "导出的表里发件人: 这一列是空的，主题: 这一列正常。",
        "他在会上说：设备在 2024 年坏过两次。",
        "On Monday at 9:30 the lamp went out: nobody came.",
        "My boss wrote: please repair it.",
        "From: the corner\nIt is dark there.",
        "Prices: | 1 | 2 |\n| a | b |\n| c | d |",
        "a --- b\n\n---\n\nc",
        "5 > 4 and so on",
        "It failed.\n\n```\n> not a quote\n--\n```\n\nPlease help.",
        "来自东门的居民都看不见路。",
        "Total:\n==========\n12 lamps",
    ],
)
def test_own_words_that_resemble_a_quote_stay_whole(text):
    assert new_words(text) == text


def test_an_answer_below_the_quote_is_found():
    text = "On Thu, 12 Jun 2025 at 2:05 PM Desk <desk@city.example> wrote:\n> Which?\n\nNumber 12."
    assert new_words(text) == "Number 12."


def test_answers_between_quotes_keep_the_questions_they_answer():
    text = (
        "Hi,\n\nOn Thu, 12 Jun 2025 at 2:05 PM Desk <d@c.example> wrote:\n"
        "> Which number?\n\n12.\n\n> Since when?\n\nMonday.\n"
    )
    words = new_words(text)
    assert "12." in words and "Monday." in words and "> Since when?" in words
    assert "wrote" not in words and words.startswith("Hi,")


def test_a_quote_alone_is_shown_whole():
    assert new_words("> only a quote\n") == "> only a quote"


def test_a_forward_without_own_words_is_shown_whole():
    text = "---------- Forwarded message ---------\nFrom: A <a@b>\nSubject: x\nTo: c\n\nwords"
    assert new_words(text) == text


def test_nothing_gives_nothing():
    assert new_words("") == "" and new_words(" \n\n ") == ""


def test_windows_line_ends_do_not_disturb():
    assert new_words("Yes.\r\n\r\n-----Original Message-----\r\nFrom: x\r\n") == "Yes."


@pytest.mark.parametrize(
    "line",
    ["发自我的iPhone", "发自我的华为手机", "來自我的 iPhone", "Sent from Mail for Windows",
     "<<sent by galaxy>>",
     "Gesendet von Mail für Windows", "Envoyé de mon iPhone", "获取 Outlook for Android",
     "发自网易邮箱大师",
     "iPhoneから送信", "從我的 iPhone 傳送"],
)  # fmt: skip
def test_lines_that_a_device_adds_are_known(line):
    assert is_device_line(line) and new_words(f"好的。\n\n{line}\n") == "好的。"


@pytest.mark.parametrize(
    ("line", "kind"),
    [("主　题：路灯", "subject"), ("*From:* x", "from"), ("| 收件人 | x |", "to"),
     ("Betreff: x", "subject"),
     ("抄送：", "cc"), ("Gesendet: heute", "date"), ("Hello: x", None), ("no colon", None),
     ("", None)],
)  # fmt: skip
def test_copied_headers_are_known_in_many_languages(line, kind):
    assert header_kind(line) == kind


@pytest.mark.parametrize(
    "text",
    ["On " * 50_000, "> " * 100_000, "\n".join(["On Mon, 1 Jan 2024 9:30"] * 15_000), "-" * 300_000,
     "\n".join(["From: a@b"] * 15_000), "\n".join(["a@b"] * 15_000), "在 2024年 " * 30_000],
)  # fmt: skip
def test_hostile_texts_are_read_in_time(text):
    assert new_words(text)


@pytest.mark.parametrize(
    "quoted",
    [
        "Ann wrote:\n> old",
        "客服小周写道：\n> 旧的内容",
        "In article <1@a.example>, Ann <ann@a.example> writes:\n> old",
        "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Tuesday Ann wrote:\n\nold",
        "在 服务台 <desk@city.example>，2025年6月12日 下午2:05写道：\n\n旧的内容",
        "-------- 原始信息 --------\n发件人： 服务台 <desk@city.example>\n旧的内容",
        "发件人: 服务台<desk@city.example>\n日期: 2025年6月12日 (周四) 14:05\n主题: 路灯\n收件人: 陈晨",
        "获取适用于 Android 的 Outlook\n\n-----Original Message-----\nold",
        "\n\n陈晨\nchen@city.example\n \n发件人： 服务台\n发送时间： 2025-06-12 14:05\n收件人： 陈晨\n主题： 路灯",
    ],
)  # fmt: skip
def test_further_announcements_of_a_quote_are_known(quoted):
    assert new_words(f"在三号楼前面。\n\n{quoted}\n") == "在三号楼前面。"


def test_a_short_answer_above_the_own_address_is_not_taken_for_a_name():
    assert new_words("Is it done?\nOK\n\nann@a.example\n") == "Is it done?\nOK"


def test_a_person_who_wrote_something_is_not_an_announcement_without_a_quote():
    assert new_words("My neighbour wrote:\nplease repair the lamp.") == (
        "My neighbour wrote:\nplease repair the lamp."
    )
