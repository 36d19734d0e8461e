"""A page as one file: template, style, policy without resources; and its typesetting as PDF."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from dosimetry.report.figures.style import DARK
from dosimetry.report.numbers import printed
from dosimetry.report.words.names import place_words
from dosimetry.report.words.said import sentence

if TYPE_CHECKING:
    from jinja2 import Environment

POLICY = (
    "default-src 'none'; style-src 'sha256-{}'; img-src 'none'; script-src 'none'; "
    "base-uri 'none'; form-action 'none'"
)
PAGE_FOOT = "Decision support, not a medical device: a qualified physicist must check."


def render(template: str, **values: Any) -> str:
    """Return a template of this room filled in, with the style of every page and its policy."""
    environment = _environment()
    style = environment.get_template("style.css").render(colours=DARK, page_foot=PAGE_FOOT)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(
        style=style, policy=POLICY.format(digest), **values
    )


def typeset(page: str) -> bytes:
    """Return a page as PDF, typeset by WeasyPrint; the same page gives the same bytes."""
    import weasyprint

    written: bytes = weasyprint.HTML(string=page, url_fetcher=_no_fetching).write_pdf(
        pdf_identifier=hashlib.sha256(page.encode()).digest()[:16]
    )
    return written


def _no_fetching(url: str, *_: object, **__: object) -> Any:
    raise ValueError(f"a report has no external resources: {url}")


@functools.cache
def _environment() -> Environment:
    return environment_of("dosimetry.report")


def environment_of(*packages: str) -> Environment:
    """Return an environment with the filters of a report and the templates of some packages."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]), autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "visible": visible, "short": short, "sentence": sentence, "in_words": place_words,
        "printed": printed,
    }  # fmt: skip
    return environment


def visible(text: object) -> str:
    r"""Return a text with a visible sign for every control character.

    Examples
    --------
    >>> visible("a\x00b\nc")
    'a\ufffdb c'
    """
    kept = re.sub(r"\s", " ", f"{text}".encode("utf-8", "replace").decode())
    return "".join("\ufffd" if unicodedata.category(sign) == "Cc" else sign for sign in kept)


def short(text: str, longest: int) -> str:
    """Return a text, cut to the longest length with an ellipsis.

    Examples
    --------
    >>> short("x" * 9, 4)
    'xxx…'
    """
    shown = visible(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
