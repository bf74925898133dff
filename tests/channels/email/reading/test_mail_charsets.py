"""Text survives right, wrong and missing charset labels."""

import pytest

from helpdesk.channels.email.reading.charsets import codec_for, decode, tidy
from helpdesk.channels.email.reading.parser import parse

SIMPLIFIED = "您好，小区东门的路灯坏了三天，请尽快派人处理，谢谢！"
TRADITIONAL = "您好，社區東門的路燈壞了三天，請盡快派人處理，謝謝！"
RARE = "镕城䶮里的申请人：㐀"  # letters that GB2312 itself lacks
WRONG_LABELS = ["us-ascii", "iso-8859-1", "windows-1252", "x-unknown", "utf-8", "8bit", "", None]


@pytest.mark.parametrize("label", ["gb2312", "GBK", "gb18030", "x-gbk", "iso-gb2312", "cn-gb"])
@pytest.mark.parametrize("text", [SIMPLIFIED, RARE])
def test_every_chinese_label_reads_the_whole_gb18030_set(label, text):
    assert decode(text.encode("gb18030"), label) == text


@pytest.mark.parametrize("label", WRONG_LABELS)
def test_gbk_text_is_found_behind_a_wrong_or_missing_label(label):
    assert decode(SIMPLIFIED.encode("gbk"), label) == SIMPLIFIED


@pytest.mark.parametrize("label", WRONG_LABELS)
def test_big5_text_is_found_behind_a_wrong_or_missing_label(label):
    assert decode(TRADITIONAL.encode("cp950"), label) == TRADITIONAL


@pytest.mark.parametrize("label", ["big5", "Big-5", "cn-big5", "x-big5", "big5-eten"])
def test_big5_labels_read_the_windows_set(label):
    assert decode(TRADITIONAL.encode("cp950"), label) == TRADITIONAL


def test_hong_kong_letters_under_a_big5_label_are_read():
    assert decode("佢哋喺咗啲嘢".encode("big5hkscs"), "big5") == "佢哋喺咗啲嘢"


@pytest.mark.parametrize("label", ["gb2312", "gbk", "gb18030", "big5"])
def test_utf8_text_under_a_chinese_label_is_read_as_utf8(label):
    text = "您好，测试一下编码标签写错的情况。"
    assert decode(text.encode(), label) == text


@pytest.mark.parametrize(
    "word", ["投诉", "王芳", "武兰成", "测试", "请尽快回复", "关于M1136打印机"]
)
def test_short_chinese_subjects_need_no_label(word):
    assert decode(word.encode("gbk")) == word


@pytest.mark.parametrize("word", ["投訴", "王小明", "無法連線", "路燈壞了"])
def test_short_traditional_subjects_need_no_label(word):
    assert decode(word.encode("cp950")) == word


def test_a_word_that_is_valid_in_two_sets_follows_the_rest_of_the_mail():
    thanks = "谢谢".encode("gbk")  # the same bytes are Cyrillic letters in UTF-8
    assert decode(thanks, None, "gb2312") == "谢谢"


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("프린터가 작동하지 않습니다", "cp949", "ks_c_5601-1987"),
        ("똠방각하 펲시콜라", "cp949", "euc-kr"),
        ("①㈱髙﨑プリンター", "cp932", "shift_jis"),
        ("カテゴリ：全メンバー", "iso2022_jp", "ISO-2022-JP"),
        ("“quoted” – 5 €", "cp1252", "iso-8859-1"),
        ("“quoted” – 5 €", "cp1252", "us-ascii"),
        ("Größe", "cp850", "cp-850"),
        ("Сергей", "koi8-r", "KOI8-R"),
        ("résumé", "utf-8", "utf8mb4"),
        ("Übermittlung", "utf-7", "unicode-1-1-utf-7"),
        ("你好", "hz", "hz-gb-2312"),
        ("你好", "utf-16", "utf-16"),
    ],
)
def test_labels_are_read_as_the_superset_that_people_mean(text, codec, label):
    assert decode(text.encode(codec), label) == text


@pytest.mark.parametrize(
    "text",
    ["Grüße aus München", "été à Noël", "ÄÖÜ", "Größe: ÄÜÖß", "São João não é", "façade — café"],
)
@pytest.mark.parametrize("label", [None, "iso-8859-1", "utf-8", "x-unknown"])
def test_western_accents_are_not_taken_for_chinese(text, label):
    assert decode(text.encode("cp1252"), label) == text


def test_cyrillic_without_a_label_is_guessed_from_longer_text():
    text = "Сергей Углицких прислал письмо о заказе и просит ответить как можно скорее"
    assert decode(text.encode("cp1251")) == text


def test_a_letter_cut_in_half_at_the_end_is_dropped():
    assert decode("您好，请处理".encode("gbk")[:-1], "gbk") == "您好，请处"


@pytest.mark.parametrize("label", [None, "utf-8", "gbk", "big5", "iso-2022-jp", "utf-7", "utf-16"])
@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a\x80\xffb", bytes(range(256)), b"\x1b$B\xff"])
def test_no_bytes_raise_or_give_a_replacement_mark(data, label):
    text = decode(data, label)
    assert "\ufffd" not in text
    assert text.encode("utf-8").decode("utf-8") == text


def test_a_byte_order_mark_outranks_the_label_and_is_not_shown():
    assert decode(b"\xef\xbb\xbf" + "é".encode(), "iso-8859-1") == "é"


@pytest.mark.parametrize("label", ["base64", "rot13", "zlib", "idna", "no-such-set", "", None])
def test_labels_that_are_no_charset_name_no_codec(label):
    assert codec_for(label) is None


def test_vietnamese_windows_text_has_whole_letters():
    assert decode(b"Capture d\x92e\xeccran", "windows-1258") == "Capture d\u2019\u00e9cran"


def test_controls_and_lone_surrogates_never_reach_the_database():
    assert tidy("a\x00b\ud800c\x07d\n\te") == "abcd\n\te"


@pytest.mark.parametrize("codec", ["gb2312", "gbk", "gb18030", "big5"])
@pytest.mark.parametrize("label", ["right", "utf-8", "iso-8859-1", None])
def test_a_whole_chinese_mail_shows_no_replacement_mark(codec, label):
    text = TRADITIONAL if codec == "big5" else SIMPLIFIED
    named = codec if label == "right" else label
    charset = f"; charset={named}" if named else ""
    raw = (
        b"From: "
        + text[:2].encode(codec)
        + b" <a@b.example>\r\nSubject: "
        + text.encode(codec)
        + f"\r\nContent-Type: text/plain{charset}\r\n\r\n".encode()
        + text.encode(codec)
    )
    mail = parse(raw)
    assert (mail.subject, mail.text, mail.from_name) == (text, text, text[:2])


def test_utf8_text_with_a_foreign_byte_in_it_is_still_read_as_utf8():
    data = "äöü 差出人 äöü".encode() + "é".encode("latin-1")
    assert decode(data, "iso-gb2312") == "äöü 差出人 äöüé"


CHINESE = ("gb2312", "gbk", "gb18030", "big5")


@pytest.mark.parametrize("label", [*CHINESE, "utf-8", "iso-8859-1", "us-ascii", "x-unknown", ""])
@pytest.mark.parametrize("written", CHINESE)
def test_chinese_mail_shows_no_broken_letter_whatever_its_label_says(written, label):
    """Header and body, labelled rightly, wrongly or not at all."""
    words = (
        "您好，我們的冰箱還是壞的，請盡快上門處理"
        if written == "big5"
        else "您好，我们的冰箱还是坏的，请尽快上门处理"
    )
    head = f"Content-Type: text/plain; charset={label}\r\n" if label else ""
    raw = f"From: a@b.example\r\n{head}Subject: {words}\r\n\r\n{words * 3}".encode(written)
    mail = parse(raw)
    assert "\ufffd" not in mail.text + mail.subject
    if label in (written, "", "x-unknown", "us-ascii", "iso-8859-1"):
        assert mail.text == words * 3


@pytest.mark.parametrize(
    ("labels", "codec"),
    [
        ("iso-8859-9 iso_8859-9 latin5 l5 iso-ir-148", "cp1254"),
        ("euc-kr euckr ks_c_5601-1987 ks-c-5601 ksx1001", "cp949"),
        ("iso-2022-jp csiso2022jp iso2022jp", "iso2022_jp_ext"),
        ("gb2312 euc-cn chinese x-windows-936 windows-936 cp936", "gb18030"),
    ],
)
def test_each_way_to_write_a_label_means_the_same_superset(labels: str, codec: str) -> None:
    assert {label: codec_for(label) for label in labels.split()} == dict.fromkeys(
        labels.split(), codec
    )
