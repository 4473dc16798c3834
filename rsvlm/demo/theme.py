"""Colours and fonts of the page: those of rsvlm's other pages, and fonts of the system only."""

from typing import Any

import gradio as gr

FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
ACCENT = (
    "#fdf3ea", "#fae3d0", "#f5cba8", "#f3b87f", "#f0a45a", "#c9640f", "#a84a08", "#8c3d07", "#703106", "#542505",
    "#3a1903",
)  # fmt: skip
"""From light to dark."""


def theme() -> Any:
    """Return them as Gradio takes them."""
    return gr.themes.Base(
        primary_hue=gr.themes.Color(*ACCENT),
        neutral_hue="stone",
        font=FONTS,
        font_mono=["ui-monospace", "monospace"],
        radius_size="md",
    ).set(
        button_primary_background_fill=ACCENT[6], button_primary_background_fill_hover=ACCENT[7],
        button_primary_text_color="#ffffff", button_primary_background_fill_dark=ACCENT[4],
        button_primary_background_fill_hover_dark=ACCENT[3], button_primary_text_color_dark="#1d1f22",
        body_background_fill="#f4f3ef", body_background_fill_dark="#131416",
        block_background_fill="#ffffff", block_background_fill_dark="#1c1e21",
        body_text_color="#1d1f22", body_text_color_dark="#e8e6e1",
        input_placeholder_color="#6a6e75", input_placeholder_color_dark="#9da1a8",
        input_background_fill_dark="#2a2d31", button_secondary_background_fill_dark="#3a3d43",
        button_secondary_background_fill_hover_dark="#4a4e55",
        body_text_color_subdued="#5b5f66", body_text_color_subdued_dark="#a8acb3",
    )  # fmt: skip
