"""What stands above the rows of CSV: remarks, titles, names that are there twice or not at all."""

from pathlib import Path

import pytest

from rsvlm.rag.sources import read_source


def texts(folder: Path, content: str) -> list[str]:
    path = folder / "t.csv"
    path.write_text(content, encoding="utf-8")
    source = read_source(path)
    found = [one.text for one in source.chunks()]
    assert source.problems == []
    return found


@pytest.mark.parametrize(
    ("above", "row"),
    [
        ("lake,area", "Moos,4"),
        ("# Lakes of the region\n# in km2, source: survey\n\nlake,area", "Moos,4"),
        ("\ufeff# Lakes\nlake,area", "Moos,4"),
        # the remark itself names them
        ("# lake,area", "Moos,4"),
        ("# survey of 2020\n# lake,area", "Moos,4"),
        # a title, with and without the signs of empty cells
        ("Table 3: lakes of the region\nlake,area", "Moos,4"),
        ("Table 3: lakes of the region,\n\nlake,area", "Moos,4"),
        ("Table 3\nAreas of lakes\nlake,area", "Moos,4"),
        ("sep=;\nlake;area", "Moos;4"),
        # lines of empty cells, and a title of one word
        ("Areas of lakes\n,\nlake,area", "Moos,4"),
        ("Areas of lakes,\n,\nlake,area", "Moos,4"),
        (",,\nlake,area", "Moos,4"),
        ("Lakes\n,\n\nlake,area", "Moos,4"),
        ("Lakes,\nlake,area", "Moos,4"),
        # quotes behind blanks
        ('lake, "area"', 'Moos, "4"'),
        ("lake, area", '"Moos", "4"'),
        # signs of empty cells at the end
        ("lake,area,,", "Moos,4,,"),
        ("lake,area", "Moos,4,,"),
        # a name on two lines
        ('lake,"area\n"', "Moos,4"),
    ],
)
def test_what_stands_above_the_rows(tmp_path: Path, above: str, row: str) -> None:
    assert texts(tmp_path, f"{above}\n{row}\n{row.replace('Moos', 'Grünsee')}\n") == [
        "lake: Moos; area: 4",
        "lake: Grünsee; area: 4",
    ]


def test_columns_with_one_name_are_told_apart(tmp_path: Path) -> None:
    assert texts(tmp_path, "lake,Depth,depth ,,depth 2\nMoos,1,2,3,4\n") == [
        "lake: Moos; depth: 1; depth 2: 2; column 4: 3; depth 2 2: 4"
    ]


def test_a_first_column_without_a_name_is_what_rows_are_called_by(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",depth\nWELL-1,4\nWELL-2,5\n", encoding="utf-8")
    assert [(one.where, one.text) for one in read_source(path).chunks()] == [
        ("id WELL-1", "WELL-1: depth: 4"),
        ("id WELL-2", "WELL-2: depth: 5"),
    ]


def test_names_below_which_nothing_is_a_number(tmp_path: Path) -> None:
    assert texts(tmp_path, "#lake,colour\nMoos,green\n") == ["lake: Moos; colour: green"]
    assert texts(tmp_path, "# by hand, in spring\nlake,colour\nMoos,green\n") == ["lake: Moos; colour: green"]


def test_one_column_of_words_is_no_title(tmp_path: Path) -> None:
    assert texts(tmp_path, "text\nA lake.\nA mill.\n") == ["A lake.", "A mill."]
    assert texts(tmp_path, "what was seen\nA lake\nA mill\n") == [
        "what was seen: A lake",
        "what was seen: A mill",
    ]


def test_an_empty_line_within_a_cell_stays(tmp_path: Path) -> None:
    assert texts(tmp_path, 'name,text\nMoos,"A lake.\n\nA mill."\n') == ["Moos: A lake.\n\nA mill."]


def test_a_word_alone_that_is_no_title(tmp_path: Path) -> None:
    # the name of the first column, where others have none
    assert texts(tmp_path, "lake,,\nMoos,4,deep\n") == ["lake: Moos; column 2: 4; column 3: deep"]
    assert texts(tmp_path, "lake,\nMoos,green\nSee,blue\n") == [
        "lake: Moos; column 2: green",
        "lake: See; column 2: blue",
    ]


@pytest.mark.parametrize(
    ("above", "row"),
    [
        # units
        ("lake,depth,temp\n,m,degC", "lake: Moos; depth (m): 4; temp (degC): 7"),
        ("lake,depth (m),temp\n,[m],[K]", "lake: Moos; depth (m): 4; temp (K): 7"),
        ("lake,lat,lon\n,degrees_north,degrees_east", "lake: Moos"),
        # names of several columns, and those of each
        ("lake,Level,\n,min,max", "lake: Moos; Level min: 4; Level max: 7"),
        (",Level,\nlake,min,max", "lake: Moos; Level min: 4; Level max: 7"),
        # names that several columns have, told apart by a second row: by years, too, and with a row of units below it
        (",Level,Level\nlake,2021 (m),2022 (m)", "lake: Moos; Level 2021 (m): 4; Level 2022 (m): 7"),
        ("lake,Level,Level\n,2021,2022", "lake: Moos; Level 2021: 4; Level 2022: 7"),
        ("lake,Level,\n,2021,2022", "lake: Moos; Level 2021: 4; Level 2022: 7"),
        (",Level,Level\nlake,2021,2022\n,m,m", "lake: Moos; Level 2021 (m): 4; Level 2022 (m): 7"),
        # rows of values
        ("lake,by,area\nSee,m,s", "lake: See; by: m; area: s\nlake: Moos; by: 4; area: 7"),
        ("lake,is,\nSee,good,bad", "lake: See; is: good; column 3: bad\nlake: Moos; is: 4; column 3: 7"),
        ("lake,by,\n,Ann,Bea", "lake: Moos; by Ann: 4; by Bea: 7"),
        ("lake,by,at\n,Ann,Bea", "by: Ann; at: Bea\nlake: Moos; by: 4; at: 7"),
    ],
)
def test_a_second_row_of_names(tmp_path: Path, above: str, row: str) -> None:
    assert "\n".join(texts(tmp_path, f"{above}\nMoos,4,7\n")).lower() == row.lower()


def test_second_names_below_some_columns_only(tmp_path: Path) -> None:
    above = "County office;;;\nHarvest of the county;;;\n;Barley;Barley;Remarks\nParish;2021 (t);2022 (t);\n"
    assert texts(tmp_path, f"{above}Moos;3.1;-;late\nSee;410;395;\n") == [
        "parish: Moos; barley 2021 (t): 3.1; remarks: late",
        "parish: See; barley 2021 (t): 410; barley 2022 (t): 395",
    ]


def test_years_of_a_row_are_values_where_those_below_are_years(tmp_path: Path) -> None:
    assert texts(tmp_path, ",built,built\nMoos,1921,1922\nSee,1931,1932\n") == [
        "Moos: built: 1921; built 2: 1922",
        "See: built: 1931; built 2: 1932",
    ]
