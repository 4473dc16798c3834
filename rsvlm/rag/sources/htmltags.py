"""Elements of HTML, by what they do to the text around them."""

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)  # fmt: skip
"""They have no end."""
UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "nav", "head", "svg", "math", "iframe", "object", "canvas", "audio",
     "video", "select", "button", "del", "s", "strike"}
)  # fmt: skip
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
     "figure", "footer", "form", "header", "hr", "main", "ol", "p", "pre", "section", "summary", "table", "ul"}
)  # fmt: skip
LINES = frozenset({"br", "li", "tr"})
CELLS = frozenset({"td", "th"})
ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LIST_PARTS, _TABLE_PARTS = frozenset({"dd", "dt"}), frozenset({"tr", *CELLS, *ROW_GROUPS})
ENDED_BY = {
    "li": frozenset({"li"}), "dd": _LIST_PARTS, "dt": _LIST_PARTS, "option": frozenset({"option"}),
    "td": CELLS, "th": CELLS, "tr": frozenset({"tr", *CELLS}),
    "thead": _TABLE_PARTS, "tbody": _TABLE_PARTS, "tfoot": _TABLE_PARTS,
}  # fmt: skip
"""Elements that need no end, by what ends them where it begins."""
END_PARAGRAPHS = frozenset({*BLOCKS, *HEADINGS, *_TABLE_PARTS, "li", "nav"})
OTHER_SCOPE = frozenset({"table", "caption", "td", "th", "button", "object", "template"})
"""Elements in which nothing ends a paragraph that is open around them."""
