"""The page of a release as one HTML file that needs no network and no script. Pure.

The bundle's words are not trusted: each is escaped, stays in its element, and cannot change the direction of
the text round it. A content security policy forbids scripts, and all that a browser could load.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape

from software_update.disclosure.page_sections import (
    Block,
    Fact,
    Facts,
    Layout,
    Notice,
    Paragraph,
    Quote,
    Section,
    Span,
    Table,
)

STYLE = """
:root{color-scheme:light dark;--back:#fff;--text:#1b1b1f;--soft:#50505a;--line:#c9c9d2;--box:#f4f4f8;
--alert:#a00014;--alert-box:#ffecec;--good:#0a5c2b;--good-box:#e9f7ee;--link:#0b4fa8}
@media (prefers-color-scheme:dark){:root{--back:#16161a;--text:#ececf1;--soft:#b4b4c0;--line:#44444f;
--box:#212127;--alert:#ff9c9c;--alert-box:#3a1518;--good:#8fe0ab;--good-box:#12301d;--link:#8ab8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1rem 0 .25rem}
.notice{margin:.5rem 0;padding:.5rem .75rem;border-inline-start:.4rem solid var(--good);
background:var(--good-box)}
.notice strong{color:var(--good)}
.notice.alert{border-color:var(--alert);background:var(--alert-box)}
.alert strong,.alert dt{color:var(--alert)}
dl{margin:.5rem 0}
dl div{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:0 1rem;padding:.2rem 0}
dl .alert{background:var(--alert-box);padding-inline:.5rem;margin-inline:-.5rem}
dt{color:var(--soft);grid-row:1/span 50}
dd{margin:0;grid-column:2}
blockquote{margin:.25rem 0;padding:.5rem .75rem;background:var(--box);border:1px solid var(--line);
white-space:pre-wrap;overflow:clip}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
caption{text-align:start;color:var(--soft)}
th,td{text-align:start;vertical-align:top;padding:.3rem .5rem .3rem 0;border-top:1px solid var(--line)}
tbody th{font-weight:normal}
td span,th span{display:block}
code{font:.875em ui-monospace,monospace}
form{margin:1rem 0;padding:.75rem;border:2px solid var(--line);background:var(--box)}
form h2{margin-top:0}
input{font:inherit;color:var(--text);background:var(--back);border:2px solid var(--soft);padding:.5rem}
button{font:inherit;margin:.25rem .5rem .25rem 0;padding:.6rem 1rem;color:var(--text);background:var(--back);
border:2px solid var(--soft);border-radius:.3rem;cursor:pointer}
button:focus-visible,input:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media (max-width:36rem){dl div{display:block}table,tbody,tr,td,tbody th{display:block}thead{display:none}
td{border-top:0}}
@media print{:root{--back:#fff;--text:#000;--soft:#333;--line:#888;--box:#fff;--alert:#900;--alert-box:#fff;
--good:#000;--good-box:#fff}
body{font-size:10pt}main{max-width:none;padding:0}form{display:none}h2{break-after:avoid}
tr,dl div,.notice{break-inside:avoid}}
"""


def page_html(page: Layout, form: str = "", form_action: str = "'none'") -> str:
    """Returns the page as an HTML document.

    `form` is HTML that appears below the notices, for a page that asks; `form_action` is the source of the
    content security policy that it may be sent to.
    """
    return "".join(f"{line}\n" for line in _page(page, form, form_action))


def policy(form_action: str = "'none'") -> str:
    """Returns the content security policy of a page."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {form_action}"


def simple_page(language: str, title: str, body: str, rules: str) -> str:
    """Returns a page of a title and a body in HTML. `rules` is its content security policy."""
    lines = [*_head(language, title, rules), f"<h1>{escape(title)}</h1>", body, *_END]
    return "".join(f"{line}\n" for line in lines)


def _page(page: Layout, form: str, form_action: str) -> Iterator[str]:
    yield from _head(page.language, page.title, policy(form_action))
    yield f"<h1><bdi>{escape(page.title)}</bdi></h1>"
    for notice in page.notices:
        yield _notice(notice)
    if form:
        yield form
    for section in page.sections:
        yield from _section(section)
    yield from _END


_END = ("</main>", "</body>", "</html>")


def _head(language: str, title: str, rules: str) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield f'<html lang="{escape(language)}">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(rules)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    # With no referrer at all, a form would not say where it comes from.
    yield '<meta name="referrer" content="same-origin">'
    yield f"<title>{escape(title)}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"


def _notice(notice: Notice) -> str:
    kind = "notice alert" if notice.is_alert else "notice"
    return (
        f'<p class="{kind}"><strong>{escape(notice.title)}</strong> '
        f"<bdi>{escape(notice.text)}</bdi></p>"
    )


def _section(section: Section) -> Iterator[str]:
    yield f'<section aria-labelledby="{section.name}">'
    yield f'<h2 id="{section.name}">{escape(section.heading)}</h2>'
    for block in section.blocks:
        yield from _block(block)
    yield "</section>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"<p><bdi>{escape(block.text)}</bdi></p>"
        case Quote():
            yield f"<h3>{escape(block.label)} ({escape(block.source)})</h3>"
            yield f'<blockquote lang="{escape(block.language)}" dir="auto">{escape(block.text)}</blockquote>'
        case Facts():
            yield "<dl>"
            yield from map(_fact, block.facts)
            yield "</dl>"
        case Table():
            yield "<table>"
            yield f"<caption><bdi>{escape(block.caption)}</bdi></caption>"
            heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in block.columns)
            yield f"<thead><tr>{heads}</tr></thead>"
            yield "<tbody>"
            for row in block.rows:
                first, *others = (
                    "".join(f"<span>{_span(each)}</span>" for each in cell) for cell in row
                )
                cells = "".join(f"<td>{each}</td>" for each in others)
                yield f'<tr><th scope="row">{first}</th>{cells}</tr>'
            yield "</tbody>"
            yield "</table>"


def _fact(fact: Fact) -> str:
    kind = ' class="alert"' if fact.is_alert else ""
    values = "".join(f"<dd>{_span(each)}</dd>" for each in fact.values)
    return f"<div{kind}><dt>{escape(fact.label)}</dt>{values}</div>"


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.is_code:
        return f"<code>{text}</code>"
    if span.language is None:
        return text
    return f'<bdi lang="{escape(span.language)}">{text}</bdi>'
