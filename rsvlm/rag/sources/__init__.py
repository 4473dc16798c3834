"""Sources of knowledge: what files say, as chunks. Which kind a file is, is told from the file itself.

| what it is | chunks |
|---|---|
| pairs dataset, index | a `caption` for each different caption of an image; its labels in words where it has none |
| `.parquet` with images | the same |
| RSWK's `.json` (RS-RAG) | its seven types, in its own templates; those of a folder belong together |
| `.json`, `.jsonl` of messages and images | a `caption` for each answer, as ChatEarthNet has them in RS-RAG |
| `.csv`, `.tsv`, `.json`, `.jsonl`, `.geojson`, other `.parquet` | a `note` a row: its text, and the row in words |
| `.gpkg`, `.fgb`, `.shp` (extra `vector`) | the same, of all layers |
| `.osm.pbf`, `.osm`, `.osm.gz`, `.osm.bz2` | a `place` for each named place, water, summit, station, castle... |
| `.md`, `.html`, `.txt`, `.rst` | `note`s of at most some 120 words, cut at headings, paragraphs, sentences |
| `.pdf` (extra `documents`) | the same, page by page |
| folder | all of these in it and in the folders below it; links that lead out of it are not followed |

A column of text is called text, description, caption(s), note(s), body, content, summary or abstract; a place is lon
and lat, bbox, WKT, or the geometry of GeoJSON, GeoParquet or a vector file; a time is datetime, date, time, timestamp
or year; name or title goes before the text, and what other columns say below it, but for captions of images; id, key or
the like is what a row is looked up by; licence, source, image and label are what they say. Of an object of JSON, lists
of objects are rows, and what stands beside them is one more. A Markdown file may begin with title, licence, place or
bbox, and date between two lines `---`.

A picture that a table names must lie in the folder of the table, or in the folder that was named as the source: a base
shows its pictures to all who ask it, and a table could name any file.

All chunks of a source have its name, and each a key of its own that stays when other parts of the source change, as far
as the source has names for its parts.
"""

from .reading import read_source
from .source import Problem, Source

__all__ = ["Problem", "Source", "read_source"]
