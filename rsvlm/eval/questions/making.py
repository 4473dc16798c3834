"""AgroMind-style questions from a user's own labels."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.eval.agromind.tasks import DIMENSIONS, TASKS
from rsvlm.eval.errors import EvalError
from rsvlm.files import atomic_write, write_json

from . import map_amounts, map_marks, map_places, map_sets, object_questions, scene_questions
from .assembling import Assembler, Data, Question
from .checking import check_rows
from .choosing import Pool, Progress, allocate, collect_drafts
from .kinds import ABSENT, KINDS
from .mapdata import MapData
from .objectdata import ObjectData
from .report import QuestionReport
from .scenedata import PairData, SceneData
from .sources import ClassMap, Objects, Scenes, Source

__all__ = ["make_questions"]

_MAKERS = (
    map_amounts,
    map_marks,
    map_places,
    map_sets,
    object_questions,
    scene_questions,
)  # they register themselves
FORMAT = 1


def make_questions(
    sources: Sequence[Source],
    out: str | Path,
    *,
    count: int,
    seed: int = 0,
    tasks: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> QuestionReport:
    """Make question files in AgroMind's layout, with their pictures, from labels.

    Below `out` come `QA_Pairs/<Dimension>/<KIND>.json`, `images/`, `provenance.parquet` (where each answer comes from)
    and `manifest.json`. The same sources, count and seed give the same bytes. Every answer is worked out again from the
    label files in another way before it is written.

    Args:
        sources: What to ask about.
        out: The folder to write; it must not be there, or be empty.
        count: How many questions; there are fewer where the labels do not allow so many.
        seed: Decides all that is random.
        tasks: Letters of tasks ("SL", "CO") or codes of kinds ("SL_1_1_2"); None: all that the labels allow.
        progress: Called with what is going on ("Drawing pictures"), how much of it is done, and of how much.

    Raises:
        EvalError: A source cannot be read, a task is unknown, the folder is not empty, or nothing can be asked.
    """
    folder = Path(out)
    kinds = _wanted(tasks)
    if count < 1:
        raise EvalError(f"count is {count}; ask for one question at least")
    if not sources:
        raise EvalError("there are no sources to make questions from; name one at least")
    if folder.exists() and any(folder.iterdir()):
        raise EvalError(f"{folder}: is not empty; give a new folder, or empty it")
    tell: Progress = progress or (lambda *_: None)
    data: list[Data] = []
    try:
        for number, source in enumerate(sources):
            tell("Reading labels", number, len(sources))
            data.append(_open(source, number, seed))
        pools = collect_drafts(data, kinds, _most(count, kinds), seed, tell)
        questions, refused = _assembled(pools, allocate(pools, count), data, sources, seed, tell)
    finally:
        for one in data:
            one.close()
    if not questions:
        raise EvalError("the labels allow no question: " + "; ".join(_skipped(pools, kinds, sources)))
    golds = _golds(questions)
    report = _report(questions, count, golds, refused, _skipped(pools, kinds, sources), sources)
    _write(
        folder,
        questions,
        sources,
        report,
        {"count": count, "seed": seed, "tasks": None if tasks is None else list(tasks)},
    )
    return report


def _wanted(tasks: Sequence[str] | None) -> list[str]:
    if tasks is None:
        return list(KINDS)
    if not tasks:
        raise EvalError(f"no task is named; the tasks are {', '.join(TASKS)}, a kind is one like SL_1_1_2")
    for task in tasks:
        if task not in TASKS and task not in KINDS:
            raise EvalError(
                f"there is no task {task}; the tasks are {', '.join(TASKS)}, a kind is one like SL_1_1_2"
            )
    return [code for code, kind in KINDS.items() if kind.task in tasks or code in tasks]


def _open(source: Source, number: int, seed: int) -> Data:
    rng = np.random.default_rng([seed, number])
    if isinstance(source, ClassMap):
        return MapData(source, number, rng)
    if isinstance(source, Objects):
        return ObjectData(source, number, rng)
    if isinstance(source, Scenes):
        return SceneData(source, number, rng)
    return PairData(source, number)


def _most(count: int, kinds: Sequence[str]) -> int:
    """How many drafts of one kind and source are of use: some times its even share of all, for others may give few."""
    return 4 * count // max(len(kinds), 1) + 20


def _assembled(
    pools: Sequence[Pool],
    shares: dict[int, int],
    data: Sequence[Data],
    sources: Sequence[Source],
    seed: int,
    tell: Progress,
) -> tuple[list[Question], list[str]]:
    """The questions that the check finds right, and what it refused."""
    assembler = Assembler(data, np.random.default_rng([seed, len(data)]))
    drafts = [
        draft
        for kind in KINDS
        for place, pool in enumerate(pools)
        if pool.kind == kind
        for draft in pool.drafts[: shares.get(place, 0)]
    ]
    questions: dict[str, Question] = {}
    for number, draft in enumerate(drafts):
        tell("Drawing pictures", number, len(drafts))
        question = assembler.assemble(draft)
        options = sorted(map(str, question.item.get("options", {}).values()))
        questions.setdefault(json.dumps({**question.item, "options": options}), question)
    rows = [(one.kind, one.item, json.loads(one.provenance["pictures"])) for one in questions.values()]
    good: list[Question] = []
    refused: list[str] = []
    for one, reason in zip(questions.values(), check_rows(rows, sources), strict=True):
        tell("Checking answers", len(good) + len(refused), len(rows))
        if reason is None:
            good.append(one)
        else:
            refused.append(f"{one.kind}: {reason}")
    return good, refused


def _golds(questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for one in questions:
        counts.setdefault(one.kind, Counter())[_gold(one.item["answer"])] += 1
    return {kind: dict(sorted(found.items())) for kind, found in counts.items()}


def _gold(answer: Any) -> str:
    """An answer in a word: letters, a number, yes or no, or that it is a box."""
    if isinstance(answer, list):
        return ",".join(answer) if isinstance(answer[0], str) else "box"
    return str(answer)


def _report(
    questions: Sequence[Question], wanted: int, golds: dict[str, dict[str, int]], refused: list[str],
    skipped: list[str], sources: Sequence[Source],
) -> QuestionReport:  # fmt: skip
    kinds = Counter(one.kind for one in questions)
    tasks = Counter(one.kind.split("_")[0] for one in questions)
    used = Counter(json.loads(one.provenance["pictures"])[0]["panels"][0]["source"] for one in questions)
    return QuestionReport(
        count=len(questions), wanted=wanted,
        tasks={task: tasks[task] for task in TASKS if task in tasks},
        kinds={kind: kinds[kind] for kind in KINDS if kind in kinds},
        sources={_title(sources[place], place): used[place] for place in sorted(used)},
        golds=golds, images=len({name for one in questions for name in one.pictures}), refused=refused, skipped=skipped,
    )  # fmt: skip


def _title(source: Source, place: int) -> str:
    paths = {"class map": "labels", "objects": "features", "scenes": "path", "pairs": "after"}
    return f"{place} {source.kind} {getattr(source, paths[source.kind])}"


def _skipped(pools: Sequence[Pool], kinds: Sequence[str], sources: Sequence[Source]) -> list[str]:
    """Why some tasks and kinds have no questions."""
    said = [f"{task} ({TASKS[task]}): {reason}" for task, reason in ABSENT.items()]
    for kind in kinds:
        there = [pool for pool in pools if pool.kind == kind]
        if not there:
            said.append(f"{kind}: needs {KINDS[kind].needs}, and no source has that")
        for pool in there:
            if not pool.drafts:
                tried = (
                    f"none of {pool.trials} trials is clear enough"
                    if pool.trials
                    else "it offers nothing to ask about"
                )
                said.append(f"{kind} from {_title(sources[pool.source], pool.source)}: {tried}")
    return said


def _write(
    folder: Path,
    questions: Sequence[Question],
    sources: Sequence[Source],
    report: QuestionReport,
    config: dict[str, Any],
) -> None:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for one in questions:
        for name, content in one.pictures.items():
            (folder / "images" / name).write_bytes(content)  # the manifest, last, says that all is there
    rows = []
    for kind in report.kinds:
        items = []
        for number, one in enumerate((one for one in questions if one.kind == kind), start=1):
            items.append({**one.item, "item_id": number})
            rows.append(_row(kind, number, one))
        place = folder / "QA_Pairs" / DIMENSIONS[KINDS[kind].levels[0]] / f"{kind}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_json(place, items, indent=1)
    with atomic_write(folder / "provenance.parquet") as temporary:
        pq.write_table(pa.Table.from_pylist(rows), temporary)
    plain = [json.loads(source.model_dump_json()) for source in sources]
    write_json(
        folder / "manifest.json",
        {"format": FORMAT, "sources": plain, "config": config, "report": report.to_dict()},
        indent=1,
    )


def _row(kind: str, number: int, one: Question) -> dict[str, Any]:
    """One row of the provenance: the item's name, what it says, and where its answer comes from."""
    return {
        "key": f"{kind}/{number}",
        "task": KINDS[kind].task,
        "type_id": int(KINDS[kind].type),
        "question": one.item["question"],
        "answer": json.dumps(one.item["answer"], ensure_ascii=False),
        **one.provenance,
    }
