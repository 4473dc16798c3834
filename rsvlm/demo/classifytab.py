"""The tab that classifies the image of the Ask tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rsvlm.vocabularies import vocabulary_names

from .handlers import Handlers
from .parts import LIVE, work


def classify_tab(handlers: Handlers, first: Any) -> tuple[Any, list[Any]]:
    """Build the tab; return where classes are shown, and the events that show them.

    Args:
        handlers: What happens on it.
        first: The image of the Ask tab.
    """
    gr.HTML('<p class="quiet">The image of the Ask tab, held against the names of classes.</p>')
    with gr.Row(elem_classes="columns"):
        name = gr.Dropdown(
            sorted(vocabulary_names()),
            value="eurosat",
            label="Vocabulary",
            min_width=200,
            elem_id="vocabulary",
        )
        own = gr.Textbox(
            label="Or classes of your own",
            placeholder="river, quarry, solar park",
            min_width=200,
            elem_id="own-classes",
        )
    button = gr.Button("Classify", variant="primary", elem_id="classify-button")
    bars = gr.HTML("", html_template=LIVE, elem_id="classes")
    inputs = [first, name, own]
    return bars, [
        button.click(handlers.classify, inputs, bars, api_name="classify", **work()),
        own.submit(handlers.classify, inputs, bars, api_visibility="private", **work()),
    ]
