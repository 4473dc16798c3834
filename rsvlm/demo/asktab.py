"""The tab of questions: the image, what is asked about it, the answer and its evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from .answers import WORKING, notice
from .handlers import Handlers
from .parts import LIVE, PICK, picked, slider, upload, work
from .pictures import forget
from .views import example_buttons, nothing_picked

_STOPPED, _AS_IT_IS = json.dumps(notice("Stopped.")), "{ __type__: 'update' }"
_STOP = f"""() => document.querySelector('#answer [data-testid="status-tracker"]:not(.hide)')
  ? {_STOPPED} : {_AS_IT_IS}"""
"""In the browser, for a stop does not wait in the queue; when nothing runs or waits, what is there stays."""
_END = f"(answer) => answer.includes('{WORKING}') ? {_STOPPED} : {_AS_IT_IS}"
"""What was on its way when it was stopped may have taken the place of "Stopped."."""
_NUMBERS = "(image, question, alpha, k) => [image, question, alpha ?? 0, k ?? 1]"
"""The box of a slider gives none while it is empty."""


@dataclass(frozen=True)
class AskTab:
    """Parts that others need, too.

    Attributes:
        shown: Where the image is shown, and where the file that it was uploaded as is named.
        answers: Where the answer and its evidence are shown, the answer first.
        runs: The events that show something there.
    """

    shown: list[Any]
    answers: list[Any]
    runs: list[Any]


def ask_tab(handlers: Handlers, first: Any, second: Any) -> AskTab:
    """Build the tab.

    Args:
        handlers: What happens on it.
        first: The image.
        second: What it is compared with.
    """
    with gr.Row(elem_classes="columns"):
        with gr.Column(scale=5, min_width=320):
            shown = _image_column(handlers, first, second)
        with gr.Column(scale=7, min_width=320):
            answers, runs = _question_column(handlers, first, second)
    return AskTab(shown, answers, runs)


def _image_column(handlers: Handlers, first: Any, second: Any) -> list[Any]:
    gr.HTML("<h2>1. Image</h2>")
    card = gr.HTML(nothing_picked(), html_template=LIVE, elem_id="image")
    file = upload("Upload a picture or GeoTIFF")
    examples = gr.HTML(example_buttons(), js_on_load=PICK, elem_id="examples")
    with gr.Accordion("Compare with a second image", open=False):
        second_card = gr.HTML("", html_template=LIVE)
        second_file = upload("Upload the second image")

    def uploaded(path: str | None, before: Any) -> Any:
        return handlers.upload(path, path or "", before)

    def chosen(name: str, before: Any) -> Any:
        return *handlers.example(name, before), None

    file.upload(uploaded, [file, first], [first, card], api_name="image", **work())
    file.clear(
        lambda before: handlers.upload(None, "", before), first, [first, card], api_visibility="private"
    )
    second_file.upload(
        uploaded, [second_file, second], [second, second_card], api_name="second_image", **work()
    )
    second_file.clear(_cleared, second, [second, second_card], api_visibility="private")
    examples.select(
        chosen, [examples, first], [first, card, file], api_visibility="private",
        **picked("examples", 2), **work(),
    )  # fmt: skip
    return [card, file]


def _question_column(handlers: Handlers, first: Any, second: Any) -> tuple[list[Any], list[Any]]:
    most = handlers.engine.limits.k
    gr.HTML("<h2>2. Question</h2>")
    question = gr.Textbox(
        label="Question", placeholder="Is there a river? What is a quarry mistaken for?", lines=1, max_lines=4,
        max_length=handlers.engine.limits.question, elem_id="question",
    )  # fmt: skip
    with gr.Row():
        ask = gr.Button("Ask", variant="primary", scale=4, min_width=120, elem_id="ask-button")
        stop = gr.Button("Stop", scale=1, min_width=90, elem_id="stop-button")
    answer = gr.HTML("", html_template=LIVE, elem_id="answer")
    cited = gr.HTML("", elem_id="cited")
    places = gr.HTML("", elem_id="places")
    with gr.Accordion("What the knowledge base has on it", open=True):
        with gr.Row():
            alpha = slider(0, 1, 0.5, 0.05, "Weight of picture (alpha)", "alpha")
            k = slider(1, most, 3, 1, "Pieces of evidence (top-k)", "top-k")
        found = gr.HTML("", html_template=LIVE, elem_id="found")

    def asked(*values: Any) -> Iterator[Any]:
        for reply in handlers.ask(*values):
            more = gr.skip() if reply.found is None else reply.found
            yield reply.answer, reply.cited, reply.places, more

    inputs, outputs = [first, second, question, alpha, k], [answer, cited, places, found]
    runs: list[Any] = [
        ask.click(asked, inputs, outputs, api_name="ask", **work()),
        question.submit(asked, inputs, outputs, api_visibility="private", **work()),
    ]
    stop.click(None, cancels=runs)
    stop.click(None, None, answer, js=_STOP)
    for run in runs:
        run.then(None, answer, answer, js=_END)
    for one in (alpha, k):
        changed = one.change(  # `release` would leave keys out
            handlers.evidence, [first, question, alpha, k], found, js=_NUMBERS, api_visibility="private",
            trigger_mode="always_last", **work(),
        )  # fmt: skip
        runs.append(changed)
    return outputs, runs


def _cleared(before: Any) -> tuple[None, str]:
    forget(before)
    return None, ""
