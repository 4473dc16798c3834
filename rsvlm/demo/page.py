"""The page: which parts it has, and which handler each of them calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rsvlm.vocabularies import vocabulary_names

from .answers import notice
from .handlers import Handlers
from .pictures import forget
from .views import example_buttons, nothing_picked

_HOUR = 3600
_TYPES = [".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2"]
_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-pick]');
  if (button) trigger('select', { index: button.dataset.pick });
});
"""
"""Tells the server which button of some HTML was pressed."""
_LIVE = '<div aria-live="polite">${value}</div>'


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
        first = gr.State(None, time_to_live=_HOUR, delete_callback=forget)
        with gr.Tabs() as tabs:
            with gr.Tab("Ask", id="ask"):
                shown = _ask_tab(handlers, first)
            if handlers.engine.index is not None:
                with gr.Tab("Search", id="search"):
                    _search_tab(handlers, first, shown, tabs)
            with gr.Tab("Classify", id="classify"):
                _classify_tab(handlers, first)
    return page


def _ask_tab(handlers: Handlers, first: Any) -> list[Any]:
    """The tab of questions; returns where the image is shown, and where the file that it was uploaded as is named."""
    second = gr.State(None, time_to_live=_HOUR, delete_callback=forget)
    with gr.Row(elem_classes="columns"):
        with gr.Column(scale=5, min_width=320):
            gr.HTML("<h2>1. Image</h2>")
            card = gr.HTML(nothing_picked(), html_template=_LIVE, elem_id="image")
            file = _upload("Upload a picture or GeoTIFF")
            examples = gr.HTML(example_buttons(), js_on_load=_PICK, elem_id="examples")
            with gr.Accordion("Compare with a second image", open=False):
                second_card = gr.HTML("", html_template=_LIVE)
                second_file = _upload("Upload the second image")
        with gr.Column(scale=7, min_width=320):
            gr.HTML("<h2>2. Question</h2>")
            question = gr.Textbox(
                label="Question", placeholder="Is there a river? What is a quarry mistaken for?", lines=1, max_lines=4,
                max_length=handlers.engine.limits.question, elem_id="question",
            )  # fmt: skip
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", scale=4, min_width=120, elem_id="ask-button")
                stop = gr.Button("Stop", scale=1, min_width=90, elem_id="stop-button")
            answer = gr.HTML("", html_template=_LIVE, elem_id="answer")
            cited = gr.HTML("", elem_id="cited")
            places = gr.HTML("", elem_id="places")
            with gr.Accordion("What the knowledge base has on it", open=True):
                with gr.Row():
                    alpha = gr.Slider(
                        0, 1, 0.5, step=0.05, label="Weight of picture (alpha)", elem_id="alpha"
                    )
                    k = gr.Slider(
                        1,
                        handlers.engine.limits.k,
                        3,
                        step=1,
                        label="Pieces of evidence (top-k)",
                        elem_id="top-k",
                    )
                found = gr.HTML("", html_template=_LIVE, elem_id="found")

    def asked(*values: Any) -> Iterator[Any]:
        for reply in handlers.ask(*values):
            more = gr.skip() if reply.found is None else reply.found
            yield reply.answer, reply.cited, reply.places, more

    def uploaded(path: str | None, before: Any) -> Any:
        return handlers.upload(path, _name_of(path), before)

    def chosen(before: Any, event: gr.EventData) -> Any:
        return *handlers.example(str(event.index), before), None

    work = _work()
    inputs, outputs = [first, second, question, alpha, k], [answer, cited, places, found]
    runs: list[Any] = [ask.click(asked, inputs, outputs, api_name="ask", **work)]
    runs.append(question.submit(asked, inputs, outputs, api_visibility="private", **work))
    stop.click(lambda: notice("Stopped."), None, answer, cancels=runs, queue=False, api_visibility="private")
    file.upload(uploaded, [file, first], [first, card], api_name="image", **work)
    file.clear(
        lambda before: handlers.upload(None, "", before), first, [first, card], api_visibility="private"
    )
    second_file.upload(
        uploaded, [second_file, second], [second, second_card], api_name="second_image", **work
    )
    second_file.clear(_cleared, second, [second, second_card], api_visibility="private")
    examples.select(chosen, first, [first, card, file], api_visibility="private", **work)
    for slider in (alpha, k):
        slider.release(
            handlers.evidence,
            [first, question, alpha, k],
            found,
            api_visibility="private",
            trigger_mode="always_last",
            **work,
        )
    return [card, file]


def _search_tab(handlers: Handlers, first: Any, shown: list[Any], tabs: Any) -> None:
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
            weight = gr.Slider(0, 1, 0.5, step=0.05, label="Image against words", elem_id="weight")
    search = gr.Button("Search", variant="primary", elem_id="search-button")
    places = gr.HTML("", elem_id="hit-places")
    hits = gr.HTML("", js_on_load=_PICK, html_template=_LIVE, elem_id="hits")

    def searched(text: str, picked: Any, wanted: bool, share: float) -> Any:
        return handlers.search(text, picked if wanted else None, share, handlers.engine.limits.hits)

    def chosen(found: Any, before: Any, event: gr.EventData) -> Any:
        rank = int(event.index) if str(event.index).isdigit() else 0
        return *handlers.hit(rank, found, before), None, gr.Tabs(selected="ask")

    inputs, outputs = [words, first, alike, weight], [rows, hits, places]
    search.click(searched, inputs, outputs, api_name="search", **_work())
    words.submit(searched, inputs, outputs, api_visibility="private", **_work())
    hits.select(chosen, [rows, first], [first, *shown, tabs], api_visibility="private", **_work())


def _classify_tab(handlers: Handlers, first: Any) -> None:
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
    bars = gr.HTML("", html_template=_LIVE, elem_id="classes")
    button.click(handlers.classify, [first, name, own], bars, api_name="classify", **_work())
    own.submit(handlers.classify, [first, name, own], bars, api_visibility="private", **_work())


def _upload(label: str) -> Any:
    return gr.File(label=label, file_count="single", file_types=_TYPES, type="filepath", height=90)


def _work() -> dict[str, Any]:
    """How all long work is queued: it takes turns."""
    return {"concurrency_id": "work", "show_progress": "minimal"}


def _cleared(before: Any) -> tuple[None, str]:
    forget(before)
    return None, ""


def _name_of(path: str | None) -> str:
    return "" if path is None else str(path)
