"""One name for each data set, whatever authors call it."""

from rsvlm.vocabularies.class_lists import plain_name

_OTHER_NAMES = {
    "ucmerced": "ucm", "ucmcaptions": "ucm", "ucmercedlanduse": "ucm", "nwpu": "resisc45", "nwpuresisc45": "resisc45",
    "rsicb": "rsicb256", "whurs": "whurs19", "bigearthnets2": "bigearthnet", "reben": "bigearthnet19",
}  # fmt: skip
"""Other names of data sets, as `plain_name` has them."""


def canonical(name: str) -> str:
    """Return the name by which a data set is compared: without case and punctuation, one for all its other names.

    >>> canonical("UC Merced"), canonical("UCM-captions")
    ('ucm', 'ucm')
    """
    plain = plain_name(name)
    return _OTHER_NAMES.get(plain, plain)
