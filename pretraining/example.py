"""The sample town captioned, and what lies between the towers of the built-in model learned from its pairs."""

import tempfile
from pathlib import Path

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.pretraining import LoraSettings, TrainingSettings

with tempfile.TemporaryDirectory() as folder:
    town, out = write_sample(Path(folder) / "town"), Path(folder)
    rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=out / "pairs", size=64, limit=80)
    report = rsvlm.pretrain(
        [out / "pairs"],
        out=out / "adapter",
        encoder="built-in-base",
        lora=LoraSettings(rank=0, sides=("image",), whole=("heads",)),
        training=TrainingSettings(epochs=3, learning_rate=2e-3),
    )
    assert report is not None
    for before, after in report.compared:
        print(f"{before.name}: {before.metric} {before.value:.1%} before, {after.value:.1%} after")
    print(f"{report.learning[0]:,} numbers learned; strength {report.strength:g} of 1 is kept")
    encoder = rsvlm.load_encoder(out / "adapter")
    print(encoder.encode_texts(["houses with gardens", "a lake"]).shape)
