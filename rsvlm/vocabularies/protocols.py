"""Protocols: how published zero-shot numbers were made, so that the same numbers can be had.

Papers differ in the words for a class, the templates, the averaging of prompt vectors, the crop and the split.
A protocol fixes them all. `rsvlm` is our own, for use rather than for comparison.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rsvlm.vocabularies.class_lists import Vocabulary, VocabularyClass, plain_name
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legends import phrase_of
from rsvlm.vocabularies.templates import template_set, template_set_names

CROP = "whole image, shorter side resized to the model's size, bicubic, centre crop"
"""The evaluation transform of CLIP, which all four papers use as the model's loader returns it."""


@dataclass(frozen=True)
class Protocol:
    """What decides a zero-shot number besides the weights.

    Attributes:
        name: "rsvlm", "skyscript", "georsclip", "clip-benchmark" or "rs-transclip".
        averaging: "normalized": each prompt vector has unit length before the mean over prompts; "raw": it has
            the length that the model gives it. The mean is normalised in both.
        crop: what is done to the image.
        logit_scale: factor on the cosine before the softmax; None = the model's own.
        citation: where it is described.
    """

    name: str
    averaging: Literal["normalized", "raw"]
    crop: str
    logit_scale: float | None
    citation: str
    _rule: Callable[[VocabularyClass], tuple[str, ...]] = field(repr=False)
    _templates: Callable[[Vocabulary], str] = field(repr=False)

    def class_words(self, vocabulary: Vocabulary) -> list[tuple[str, ...]]:
        """Return for each class the words that are put into the templates, in class order.

        They are what the protocol's authors published for the set, else what their rule makes of its class names:

        * skyscript, rs-transclip: words apart, `_` as space, lower case. (SkyScript's lists of names can no longer
          be had; this is how names look in its captions.)
        * georsclip: `_` and `/` as space, lower case; glued names stay glued ("annualcrop").
        * clip-benchmark: the name as it is, `_` included.
        * rsvlm: all words of the class.
        """
        published = vocabulary.protocol_words.get(self.name)
        if published is not None:
            return [(word,) for word in published]
        return [self._rule(item) for item in vocabulary.classes]

    def template_strings(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        """Return the templates for this set: strings with one `{}`.

        * skyscript: its two, or those of its roof and road sets.
        * georsclip, rs-transclip: their 105 and 106, for every set.
        * clip-benchmark: those of EuroSAT and RESISC45; for other sets those of RESISC45, since what CLIP_benchmark
          itself falls back to, ImageNet's, is about photographs.
        * rsvlm: the set's own (`Vocabulary.templates`).
        """
        return template_set(self._templates(vocabulary))

    def split(self, vocabulary: Vocabulary) -> str | None:
        """Return the split on which its authors report ("test", "train", "val", "all"), None where not known."""
        return vocabulary.protocol_splits.get(self.name)


def _apart(item: VocabularyClass) -> tuple[str, ...]:
    """Return the class name with its words apart; "golfcourse" is looked up among the words."""
    same = (word for word in item.words if plain_name(word) == plain_name(item.name))
    return (next(same, phrase_of(item.name)).lower(),)


def _joined(item: VocabularyClass) -> tuple[str, ...]:
    return (item.name.replace("_", " ").replace("/", " ").lower(),)


def _all_words(item: VocabularyClass) -> tuple[str, ...]:
    return item.words


def _name_alone(item: VocabularyClass) -> tuple[str, ...]:
    return (item.name,)


def _own_templates(vocabulary: Vocabulary) -> str:
    return vocabulary.templates


def _georsclip_templates(_: Vocabulary) -> str:
    return "georsclip"


def _rs_transclip_templates(_: Vocabulary) -> str:
    return "rs-transclip"


def _skyscript_templates(vocabulary: Vocabulary) -> str:
    return vocabulary.templates if vocabulary.templates.startswith("skyscript") else "skyscript"


def _clip_benchmark_templates(vocabulary: Vocabulary) -> str:
    own = f"clip-benchmark-{vocabulary.name}"
    return own if own in template_set_names() else "clip-benchmark-resisc45"


# functions with names, no lambdas: a classifier holds its protocol, and could not be pickled else
_PROTOCOLS = {
    made.name: made
    for made in (
        Protocol(
            "rsvlm",
            averaging="normalized",
            crop=CROP,
            logit_scale=None,
            citation="rsvlm: every word of a class in every template of its set",
            _rule=_all_words,
            _templates=_own_templates,
        ),
        Protocol(
            "skyscript",
            averaging="normalized",
            crop=CROP,
            logit_scale=100.0,
            citation="Wang et al. (2024), SkyScript, AAAI, arXiv 2312.12856; test_zero_shot_classification.py",
            _rule=_apart,
            _templates=_skyscript_templates,
        ),
        Protocol(
            "georsclip",
            averaging="raw",
            crop=CROP,
            logit_scale=100.0,
            citation="Zhang et al. (2024), RS5M and GeoRSCLIP, IEEE TGRS, arXiv 2306.11300; inference_tool.py",
            _rule=_joined,
            _templates=_georsclip_templates,
        ),
        Protocol(
            "clip-benchmark",
            averaging="normalized",
            crop=CROP,
            logit_scale=100.0,
            citation="LAION CLIP_benchmark 1.6, github.com/LAION-AI/CLIP_benchmark; zeroshot_classification.py",
            _rule=_name_alone,
            _templates=_clip_benchmark_templates,
        ),
        Protocol(
            "rs-transclip",
            averaging="normalized",
            crop=CROP,
            logit_scale=100.0,
            citation="El Khoury et al. (2025), RS-TransCLIP, ICASSP, arXiv 2409.00698; averageprompt.py",
            _rule=_apart,
            _templates=_rs_transclip_templates,
        ),
    )
}


def protocol_names() -> tuple[str, ...]:
    """Return the names of the protocols, ours first."""
    return tuple(_PROTOCOLS)


def protocol(name: str) -> Protocol:
    """Return a protocol by name.

    Raises:
        VocabularyError: when there is no such protocol.
    """
    if name not in _PROTOCOLS:
        raise VocabularyError(f"no protocol {name!r}; there are {', '.join(_PROTOCOLS)}")
    return _PROTOCOLS[name]
