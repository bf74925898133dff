"""How mail programs announce quoted text, in the languages that people write in.

Each table is one habit: verbs of the line 'On ... X wrote:', names of the headers that are copied
above an original, words between dashes, and the lines that a device adds by itself.
"""

from __future__ import annotations

import unicodedata


def _phrases(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|"))


# 'On <date>, <name> wrote:' - the verb, lower case.
WROTE = _phrases(
    "wrote|writes|schrieb|schreibt|a écrit|a ecrit|escribió|escribio|escrigué|ha scritto|"
    "scrive|scrisse|schreef|geschreven|escreveu|skrev|kirjoitti|napisał|napisal|pisze|"
    "napsal|napísal|írta|yazdı|yazmış|a scris|написал|написав|написа|пишет|пише|έγραψε|"
    "đã viết|menulis|写道|寫道|写到|寫到|撰写|書きました|のメール|작성|כתב|كتب"
)
# How such a line begins when it does not begin with a date or a name and address.
OPENINGS = _phrases(
    "on |at |in article|in message|in <|quoting |in a message dated|am |le |el |el día|il |"
    "in data|em |op |den |på |ti |pe |ma |w dniu|dnia|dne |în |la |tarihinde|vào|pada|на |"
    "в |у |στις|ב|في|在|于|於"
)
# Between dashes or underscores: '----- Original Message -----'.
ORIGINALS = _phrases(
    "original message|original email|original mail|original appointment|original|"
    "forwarded message|forwarded by|reply to message|replied message|original e-mail|"
    "原始邮件|原始郵件|原始信件|邮件原件|郵件原件|邮件原文|郵件原文|原邮件|原郵件|"
    "回复的邮件|转发邮件|转发的邮件|轉寄郵件|轉寄的郵件|转发信息|原始信息|原始訊息|"
    "原始消息|原邮件信息|已转发|ursprüngliche nachricht|originalnachricht|"
    "weitergeleitete nachricht|message d'origine|message original|message transféré|"
    "mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato|"
    "mensagem original|mensagem encaminhada|oorspronkelijk bericht|doorgestuurd bericht|"
    "oprindelig|ursprungligt|opprinnelig|alkuperäinen viesti|wiadomość oryginalna|"
    "oryginalna wiadomość|исходное сообщение|пересылаемое сообщение|původní zpráva|"
    "eredeti üzenet|orijinal|mesaj original|元のメッセージ|元のメール|원본 메시지|"
    "원본 메일"
)
# The same without dashes, as a whole line.
ANNOUNCEMENTS = _phrases(
    "begin forwarded message:|anfang der weitergeleiteten nachricht:|"
    "début du message transféré :|inizio messaggio inoltrato:|"
    "inicio del mensaje reenviado:|下面是被转发的邮件：|以下是转发的邮件：|開始轉寄郵件：|"
    "begin doorgestuurd bericht:"
)
# Headers copied above an original; the kind says which of them belong together.
HEADER_NAMES = {
    "from": "from von de da van fra från od lähettäjä kimden от від mittente remitente expéditeur"
    " absender feladó odesílatel 发件人 發件人 寄件者 寄件人 差出人 보낸사람",
    "date": "date sent datum gesendet envoyé enviado fecha data inviato verzonden sendt skickat"
    " lähetetty dato wysłano дата отправлено надіслано odesláno elküldve tarih gönderilen gönderme"
    " 发送时间 發送時間 寄件日期 寄件時間 日期 时间 時間 送信日時 日時 보낸날짜 날짜",
    "to": "to an à para a aan til till do vastaanottaja kime кому címzett komu destinatario"
    " 收件人 收件者 宛先 받는사람",
    "cc": "cc kopie copie copia kopi kopia копия másolat 抄送 抄送至 副本 抄送人 참조",
    "subject": "subject betreff objet asunto oggetto assunto onderwerp emne ämne aihe temat тема"
    " konu tárgy předmět risposta 主题 主題 主旨 标题 件名 제목",
}
# Lines that telephones and programs put below a mail.
DEVICE_OPENINGS = _phrases(
    "sent from|sent via|sent with|sent by|from my iphone|from my android|get outlook for|"
    "envoyé depuis|envoyé de mon|envoyé à partir|von meinem|gesendet von|gesendet mit|"
    "diese nachricht wurde von mein|enviado desde|enviado do|enviado de|enviado con|"
    "inviato da|inviato dal|verzonden met|verzonden vanaf|verstuurd vanaf|sendt fra|"
    "skickat från|lähetetty|wysłane z|wysłano z|отправлено с|відправлено з|odesláno z|"
    "发自我的|发送自|从三星|来自outlook|来自iphone|来自ipad|获取适用于|下载适用于|"
    "取得適用於|取得ios版|取得android版|发自|發自|來自我的|来自我的|来自网易|從我的|从我的|"
    "寄自我的|获取outlook|取得outlook|下载outlook|由网易邮箱大师|从windows版|"
    "iphoneから送信|나의iphone"
)
DEVICE_WORDS = ("from mobile", "から送信", "에서 보냄", "by galaxy", "傳送", "发送自")

_LONGEST_LINE = 1_000  # no announcement is longer
_HEADER_KINDS = {
    word: kind for kind, words in HEADER_NAMES.items() for word in words.casefold().split()
}


def plain(line: str) -> str:
    """A line as the rules see it: one kind of blank, no invisible characters, lower case."""
    line = line[:_LONGEST_LINE].replace("&nbsp;", " ")
    if not line.isascii():
        line = "".join(letter for letter in line if unicodedata.category(letter) != "Cf")
    return " ".join(line.casefold().split())


def header_kind(line: str) -> str | None:
    """Which copied header a line is ('from', 'date', 'to', 'cc', 'subject'), None for others."""
    bare = plain(line).strip("*| ")
    cut = next((at for at, letter in enumerate(bare[:30]) if letter in ":：|"), -1)
    if cut < 1:
        return None
    return _HEADER_KINDS.get(bare[:cut].strip("* ").replace(" ", ""))


def is_device_line(line: str) -> bool:
    """Whether a telephone or a mail program wrote the line by itself."""
    bare = plain(line.replace("[", "").replace("]", "")).strip("<>()*_ ")
    if not bare or len(bare) > 120:
        return False
    if bare.startswith(DEVICE_OPENINGS) or bare.replace(" ", "").startswith(DEVICE_OPENINGS):
        return True
    return len(bare) < 40 and any(word in bare for word in DEVICE_WORDS)
