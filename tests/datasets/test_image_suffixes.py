"""The same files of a folder are images for whoever reads it."""

from pathlib import Path

from PIL import Image

from rsvlm.datasets.folders import read_class_folders
from rsvlm.imagery.discover import find_scenes
from rsvlm.imagery.scan import IMAGE_SUFFIXES
from rsvlm.rag.pictures import files_of


def test_a_folder_holds_the_same_images_for_all_rooms(tmp_path: Path) -> None:
    forest = tmp_path / "forest"
    forest.mkdir()
    for suffix in IMAGE_SUFFIXES:
        kind = "JPEG2000" if suffix in (".jp2", ".j2k") else None
        Image.new("RGB", (16, 16), (0, 90, 0)).save(forest / f"{suffix[1:]}{suffix}", kind)
    files = sorted(forest.iterdir())
    assert sorted(Path(scene.path) for scene in find_scenes([tmp_path], copies=True)[0]) == files
    assert [tmp_path / key for key in sorted(read_class_folders(tmp_path, "all").keys)] == files
    assert sorted(map(Path, files_of(map(str, files)))) == files
    Image.new("RGB", (16, 16)).save(forest / "x.bmp")
    assert len(read_class_folders(tmp_path, "all")) == len(files) + 1, "what cannot be read counts as failed"
    assert len(find_scenes([tmp_path], copies=True)[0]) == len(files)
