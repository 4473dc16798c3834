"""What a question asks for, as the composer needs it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["yes-no", "which", "what", "how-much", "count", "where", "compare", "describe", "fact"]
KINDS: tuple[Kind, ...] = (
    "yes-no", "which", "what", "how-much", "count", "where", "compare", "describe", "fact",
)  # fmt: skip
"""All kinds of question; `Asked` says what each is."""

Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax as shares of the image's sides; y goes downwards."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is asked about.

    Attributes:
        phrase: As asked, without article: "big oil tanks".
        classes: The name of the class that it stands for, singular, then those of the kinds of it ("water",
            "river", "lake", ...). Empty: no class is known for it.
    """

    phrase: str
    classes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The class, or the phrase where there is none."""
        return self.classes[0] if self.classes else self.phrase.lower()


DIRECTIONS = {
    "left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1),
    "west of": (-1, 0), "east of": (1, 0), "north of": (0, -1), "south of": (0, 1),
    "north-east of": (1, -1), "north-west of": (-1, -1), "south-east of": (1, 1), "south-west of": (-1, 1),
}  # fmt: skip
"""Which way across and down each direction goes; north is up."""


class Option(NamedTuple):
    """One of the answers that the question offers: its label ("A", "1"; "" without), its words, what it names."""

    label: str
    text: str
    thing: Thing


class Relation(NamedTuple):
    """How one thing is to another, or to an amount.

    Attributes:
        name: "more", "less", "equal"; "at least", "at most", "more than", "less than", "equal", "between" of an amount;
            "beside",
            "inside", "on", "over", "across", "along", "around", "between", "behind", "left of", "right of",
            "above", "below", and the compass: "north of", "south-east of", ...
        first: What is said to be so; None where the question asks for it.
        second: What it is compared with; None where that is an amount.
        amount: A number of things, or a share (0 to 1) or square metres where the question speaks of these.
        is_share: Whether it is a share.
        is_area: Whether it is an area.
        most: The upper end of "between".
    """

    name: str
    first: Thing | None
    second: Thing | None
    amount: float | None = None
    is_share: bool = False
    is_area: bool = False
    most: float | None = None


class HardWords(NamedTuple):
    """Words that a sentence which answers must share.

    Attributes:
        names: Proper names and what stands in quotation marks, as written.
        numbers: Numbers as written, years among them.
        years: Years.
        months: "2019-03"; "03" where the year is not said.
        codes: Variables in capitals: "ALBEDO", "LST_Day_1km".
    """

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    months: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


NO_WORDS = HardWords()


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked.

    Attributes:
        kind: "yes-no" (presence, attribute, relation), "which" (one of the options), "what" (names what is seen),
            "how-much" (a share or size), "count", "where" (in the image), "compare" (images or dates), "describe",
            or "fact" (what no image shows).
        text: The words that ask it; where they name one of several images, with "the image" for it.
        things: What it is about, in the order of the words.
        options: The answers that it offers.
        negated: Whether "yes" says that it is not so ("Is there no water?"); of other kinds, whether all but the
            things are meant ("How much is not forest?").
        any_of: Whether one of the things is enough for "yes" ("a river or a lake"); else all must be there.
        region: The part of the image that it is about; None: all of it. North is up.
        relation: What it says of two things, or of a thing and an amount.
        mode: Of "how-much": "share", "area" or "length". Of "what": "scene", "main cover", "in region", "beside",
            "colour", "type" or "seen". Of "yes-no": "presence", "identity" (what the scene is), "relation" or
            "attribute". Of "which": the kind that it would be without options. Else "".
        hard: Words that a sentence which answers must share.
        said: What it says of the first thing, or of the image, which no class stands for: "it is polluted". Else "".
        image: Which of several images it is about, from 1; None: none is named.
        among: "any": whether it is so in one of several images at least; "all": in all of them. Else "".
        unread: The first word of an amount, a comparison or a quantifier that it has and that nothing above stands
            for: what would be told without it is no answer. Else "".
        unread_place: The first word of a direction, or of a part of the image, that nothing above stands for. Else "".
    """

    kind: Kind
    text: str
    things: tuple[Thing, ...] = ()
    options: tuple[Option, ...] = ()
    negated: bool = False
    any_of: bool = False
    region: Box | None = None
    relation: Relation | None = None
    mode: str = ""
    hard: HardWords = NO_WORDS
    said: str = ""
    image: int | None = None
    among: Literal["", "any", "all"] = ""
    unread: str = ""
    unread_place: str = ""
