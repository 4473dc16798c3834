"""The page: its tabs, and what becomes of answers when the image changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from .answers import ANOTHER, WORKING, notice
from .asktab import ask_tab
from .classifytab import classify_tab
from .handlers import Handlers
from .pictures import forget
from .searchtab import search_tab

_HOUR = 3600


def build(handlers: Handlers) -> Any:
    """Return the page.

    Args:
        handlers: What happens on it.
    """
    with gr.Blocks(title="rsvlm: ask an image", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(
            '<header class="top"><h1>Ask an image</h1><p>Questions about overhead images, answered with the evidence '
            "for it, or not at all.</p></header>"
        )
        first, second = (gr.State(None, time_to_live=_HOUR, delete_callback=forget) for _ in range(2))
        with gr.Tabs() as tabs:
            with gr.Tab("Ask", id="ask"):
                ask = ask_tab(handlers, first, second)
            if handlers.engine.index is not None:
                with gr.Tab("Search", id="search"):
                    search_tab(handlers, first, ask.shown, tabs)
            with gr.Tab("Classify", id="classify"):
                bars, classified = classify_tab(handlers, first)
        _clear_on_change(first, [*ask.answers, bars], [*ask.runs, *classified])
        _clear_on_change(second, ask.answers, ask.runs)
    return page


def _clear_on_change(image: Any, shown: Sequence[Any], runs: Sequence[Any]) -> None:
    """Clear what was said of the image before, and what is still on its way.

    Args:
        image: The state that holds it.
        shown: Where something is said of it, the answer first.
        runs: The events that say it.
    """
    told = json.dumps(notice(ANOTHER))
    rest = ", ''" * (len(shown) - 1)
    image.change(None, cancels=list(runs))
    image.change(
        None, shown[0], list(shown), js=f"(answer) => [answer.includes('{WORKING}') ? {told} : ''{rest}]"
    )
