"""The tab that searches an index; a hit becomes the image of the Ask tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from .handlers import Handlers
from .parts import LIVE, PICK, picked, slider, work

_HOUR = 3600


def search_tab(handlers: Handlers, first: Any, shown: Sequence[Any], tabs: Any) -> None:
    """Build the tab.

    Args:
        handlers: What happens on it.
        first: The image of the Ask tab.
        shown: Where that is shown, and where the file that it was uploaded as is named.
        tabs: All of them: choosing a hit leads back to the Ask tab.
    """
    rows = gr.State((), time_to_live=_HOUR)
    with gr.Row(elem_classes="columns"):
        words = gr.Textbox(
            label="Words",
            placeholder="tennis courts beside a school",
            max_length=handlers.engine.limits.question,
            elem_id="words",
        )
        with gr.Column(min_width=260):
            alike = gr.Checkbox(label="Also like the image of the Ask tab", elem_id="alike")
            weight = slider(0, 1, 0.5, 0.05, "Image against words", "weight")
    search = gr.Button("Search", variant="primary", elem_id="search-button")
    places = gr.HTML("", elem_id="hit-places")
    hits = gr.HTML("", js_on_load=PICK, html_template=LIVE, elem_id="hits")

    def chosen(rank: str, found: Any, before: Any) -> Any:
        number = int(rank) if rank.isdecimal() else 0
        return *handlers.hit(number, found, before), None, gr.Tabs(selected="ask")

    inputs, outputs = [words, first, alike, weight], [rows, hits, places]
    search.click(handlers.search, inputs, outputs, api_name="search", **work())
    words.submit(handlers.search, inputs, outputs, api_visibility="private", **work())
    hits.select(
        chosen, [hits, rows, first], [first, *shown, tabs], api_visibility="private",
        **picked("hits", 3), **work(),
    )  # fmt: skip
