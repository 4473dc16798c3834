"""What the tabs are made of, and how their work is queued."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from rsvlm.imagery.scan import IMAGE_SUFFIXES

LIVE = '<div aria-live="polite">${value}</div>'
"""Around HTML that is read aloud as it changes."""
PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-pick]');
  if (!button) return;
  element.dataset.picked = button.dataset.pick;
  trigger('select');
});
"""
"""Keeps which button of some HTML was pressed last."""


def picked(place: str, inputs: int) -> dict[str, Any]:
    """How a choice among buttons that stand in HTML is told to the server: the first input becomes the button.

    Of several that are pressed while the first is worked on, the last is taken: the button is looked up as a request is
    sent, since Gradio would send the first one's event again.

    Args:
        place: Id of the HTML.
        inputs: How many the handler has.
    """
    button = f"document.querySelector('#{place} [data-picked]').dataset.picked"
    return {
        "js": f"(...values) => [{button}, ...values.slice(1, {inputs})]",
        "trigger_mode": "always_last",
    }


def slider(least: float, most: float, value: float, step: float, label: str, place: str) -> Any:
    """Return a slider whose number goes to the nearest that is allowed; Gradio's own lets others stand."""
    made = gr.Slider(least, most, value, step=step, label=label, elem_id=place)
    nearest = json.dumps({"least": least, "most": most})
    made.change(
        None, made, made, api_visibility="private",
        js=f"""(value) => {{
          const {{ least, most }} = {nearest};
          if (value === null || (value >= least && value <= most)) return {{ __type__: 'update' }};
          return value < least ? least : most;
        }}""",
    )  # fmt: skip
    return made


def upload(label: str) -> Any:
    """Return a place for a file."""
    return gr.File(
        label=label, file_count="single", file_types=sorted(IMAGE_SUFFIXES), type="filepath", height=90
    )


def work() -> dict[str, Any]:
    """How all long work is queued: it takes turns."""
    return {"concurrency_id": "work", "show_progress": "minimal"}
