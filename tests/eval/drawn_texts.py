"""Texts that hypothesis draws for the metrics: few words, so that they meet, in references of several lengths."""

from hypothesis import strategies as st

WORDS = (
    "a", "the", "The", "house", "houses", "dwelling", "home", "forest", "woods", "road", "roads", "route", "near",
    "close", "big", "large", "Large", "built", "making", "build", "geese", "12.5mm", "m/s", "t-junction", "湖", "forêt",
    "x" * 40, "\u0130",
)  # fmt: skip

tokens = st.lists(st.sampled_from(WORDS), max_size=14)
references = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14), min_size=1, max_size=4)
items = st.lists(st.tuples(tokens, references), min_size=1, max_size=6)
"""Candidates, each with its references; candidates may be empty."""
