"""What a page that is complete in one file may hold."""

from rsvlm.offlinepage import offline_page


def test_control_characters_are_shown_as_their_codes() -> None:
    page = "".join(offline_page("a\x1b[31m", "b\x9b", "", ["<p>c\x00\n\td</p>"], "e\x7f"))
    for shown in ("<h1>a\\x1b[31m</h1>", "<p>b\\x9b</p>", "<p>c\\x00\n\td</p>", "<footer>e\\x7fMade"):
        assert shown in page
