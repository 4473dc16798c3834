"""Legends as vocabularies: the classes of a land-cover product are classes that an image may show."""

from rsvlm.vocabularies.class_lists import Vocabulary, VocabularyClass
from rsvlm.vocabularies.legends import Legend, LegendClass


def vocabulary_of_legend(legend: Legend) -> Vocabulary:
    """Turn a legend of land cover into a vocabulary: its deepest classes, in the legend's order.

    Left out are classes without a label ("no data"), and names that no value of the raster stands for. Codes that
    share a name are one class (without a code, where there are several); wider levels become `parents`.

    A chip is 64 pixels of the product, but no less than 100 m, below which hardly a scene can be told, and no more
    than 1,200 m, the size on which BigEarthNet names CORINE's classes.
    """
    above = {c.parent for c in legend.classes if c.parent is not None}
    leaves = [c for c in legend.classes if not c.background and c not in above]
    leaves = [c for c in leaves if c.code is not None or c.color is not None] or leaves
    return Vocabulary(
        name=legend.name,
        title=legend.title,
        classes=_merged(leaves),
        parents=_merged(sorted(above, key=lambda c: (_depth(c), legend.classes.index(c)))),
        gsd=legend.gsd,
        extent=None if legend.gsd is None else min(max(64 * legend.gsd, 100.0), 1200.0),
        licence=legend.licence,
        citation=legend.citation,
        url=legend.url,
        source=f"the legend {legend.name}",
    )


def _depth(item: LegendClass) -> int:
    return 0 if item.parent is None else 1 + _depth(item.parent)


def _merged(classes: list[LegendClass]) -> tuple[VocabularyClass, ...]:
    groups: dict[str, list[LegendClass]] = {}
    for item in classes:
        groups.setdefault(item.name, []).append(item)
    return tuple(
        VocabularyClass(
            name=name,
            words=(group[0].phrase,),
            code=group[0].code if len(group) == 1 else None,
            color=group[0].color,
            parent=group[0].parent.name if group[0].parent else None,
        )
        for name, group in groups.items()
    )
