"""The words that mail servers use when they send a mail back, by what they mean."""

from __future__ import annotations

from .bounce_codes import reason_by_code


def _phrases(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|"))


BOUNCE_SUBJECTS = _phrases(
    "undeliver|delivery status notification|delivery failure|delivery has failed|delivery failed"
    "|delivery notification|delivery report|delivery error|mail delivery|mail failure"
    "|mail could not be delivered|failure notice|failure delivery|returned mail|returned to sender"
    "|mail system error|not delivered|non delivery|non-delivery|nondeliverable|non remis"
    "|error sending your mail|unzustellbar|nicht zugestellt|unable to deliver|cannot be delivered"
    "|could not be delivered|warning: message|warning: could not send|message delayed|delayed mail"
    "|delivery delayed|mail delayed|message status|error condition re:|退信|无法投递|无法送达|投递失败"
    "|未送达|系统退信|無法傳送|無法傳遞|配信不能|送信できません"
)
BOUNCE_OPENINGS = _phrases(
    "could not be delivered|couldn't be delivered|cannot be delivered|can not be delivered"
    "|was not delivered|not been delivered|unable to deliver|error delivering|undeliverable"
    "|delivery to the following|delivery has failed|delivery of the following message"
    "|following addresses had|following address(es) failed|trouble delivering|failed to deliver"
    "|were not successfully delivered|could not deliver|did not reach the following|user unknown"
    "|returned to you|mail was not sent|mailbox is full|mailbox unavailable|unknown user|退信|无法投递"
)
COMPLAINT_SUBJECTS = ("complaint about message from", "abuse report", "spam complaint")

# The line above the copy of the mail that came back.
COPY_FOLLOWS = _phrases(
    "this is a copy of|below this line|copy of the original|copy of your message|copy of the message"
    "|original message follows|message headers follow|message header follows|header of the original"
    "|unsent message|returned message -|original message -|undelivered message|message details:"
    "|the first few lines|原邮件如下|原始邮件|以下是原"
)
# A code for these is given only by a server that knows.
_SURE = frozenset({"unknown recipient", "unknown domain", "mailbox full", "moved", "suspended"})

# The first reason with a matching phrase counts, so the sharper words stand above the vaguer.
_REASONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "mailbox full",
        _phrases(
            "mailbox full|mailbox is full|full mailbox|over quota|overquota|quota exceeded|exceeds quota"
            "|exceeded storage|exceeded quota|over its quota|out of storage|insufficient disk"
            "|insufficient storage|mailbox size limit|mailbox exceeds|too full|no more space"
            "|quota has been exceeded|disk quota|over the allowed quota|storage allocation|has been full"
            "|邮箱已满|空间不足|容量不足"
        ),
    ),
    # Microsoft's way to say that nobody has the address.
    ("unknown recipient", ("recipient address rejected: access denied",)),
    (
        "spam or policy",
        _phrases(
            "may not have permission|spam|blacklist|blocklist|blocked using|block list|spamhaus|dnsbl|reputation|dmarc"
            "|spf |dkim|authentication|not authorized|not authorised|policy|ptr record|reverse dns"
            "|reverse lookup|relay|access denied|listed in|virus|content rejected|greylist|rate limit"
            "|too many connections|bad sender|domain of sender|sender address rejected|sender rejected|unsolicited"
            "|block list|unwanted messages|forbidden|invalid ip|ptr |rdns|not a member|members only|not open to posting"
            "|permission|反垃圾|垃圾邮件|拒收|client host rejected|helo|virtual sender|prohibited"
        ),
    ),
    (
        "too large",
        _phrases("message size exceeds|message too large|too big|size limit|maximum size"),
    ),
    (
        "moved",
        _phrases(
            "has moved|address has changed|changed address|no longer at this|moved to|请使用新地址"
        ),
    ),
    (
        "no mail",
        _phrases(
            "does not accept mail|doesn't accept mail|does not accept any|null mx|nullmx|no longer accepts"
            "|not accepting any mail|does not receive mail|no mail accepted"
        ),
    ),
    (
        "unknown domain",
        _phrases(
            "host unknown|unknown host|domain name not found|host not found|host name lookup"
            "|no such domain|domain does not exist|unknown domain|nxdomain|domain not found"
            "|unrouteable mail domain|bad destination|illegal host|invalid domain|no route to domain"
            "|name service error|unrouteable address|no mx|couldn't find any host|could not be resolved"
            "|can't be resolved|domain is not valid|hostname lookup|find a gateway|recipient's domain"
        ),
    ),
    (
        "suspended",
        _phrases(
            "disabled|inactive|account is locked|suspended|deactivated|expired account|not active"
        ),
    ),
    (
        "unknown recipient",
        _phrases(
            "user unknown|unknown user|no such user|no such recipient|no such mailbox|no such address"
            "|does not exist|doesn't exist|not exist|user not found|not found|invalid recipient"
            "|unknown recipient|recipient unknown|unknown local|no mailbox|mailbox unavailable|no account"
            "|doesn't have a|does not have a|isn't a|is not a known|not a valid|invalid mailbox|bad address"
            "|unknown address|address unknown|address rejected|undeliverable address|unknown mailbox"
            "|not known|recipient rejected|invalid user|is unknown|no user|unknown account|wrong address"
            "|not listed|delivery not permitted|user is unknown|addressee unknown|account has been"
            "|check if address is correct|destinataire invalide|n'existe pas|no existe|existiert nicht|unbekannter empf"
            "|nicht gefunden|не найден|не существует|見つかりません|リストにありません|あて先|宛先が"
            "|不存在|查无此人"
        ),
    ),
    (
        "delayed",
        _phrases(
            "still being retried|will be retried|will retry|delayed|not yet been delivered"
            "|temporarily deferred|no action is required|try again later"
        ),
    ),
    (
        "no connection",
        _phrases(
            "timed out|timeout|connection refused|could not connect|unreachable|connection reset"
            "|retry time|retry timeout|not reachable|could not be reached|unable to connect|in the queue too long"
            "|queue lifetime|gave up|failing for a long time"
            "|could not deliver for|aborted after|requests to connect|giving up|too many hops"
            "|loops back|delivery time|超时|连接失败"
            "|not be delivered within|message expired|expired"
        ),
    ),
)


def reason_of(words: str, status: str) -> str:
    """Why the mail came back: by a code that leaves no doubt, the server's words, else the code;
    '' when none tells."""
    lowered = " ".join(words.lower().split())
    by_code = reason_by_code(status)
    if by_code in _SURE and not _says_otherwise(by_code, lowered):
        return by_code
    by_words = (reason for reason, phrases in _REASONS if any(p in lowered for p in phrases))
    return next(by_words, "") or by_code


def _says_otherwise(by_code: str, lowered: str) -> bool:
    """Some servers say 5.1.1 for everything; then their words must not speak of a full mailbox."""
    others = (phrases for reason, phrases in _REASONS[:1] if reason != by_code)
    return any(phrase in lowered for phrases in others for phrase in phrases)
