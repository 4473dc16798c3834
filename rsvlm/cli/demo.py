"""`rsvlm demo`: a page in the browser to ask about images, to search and to classify."""

from typing import Annotated

import typer

from . import generators
from .common import Debug, Offline, console, tell
from .cutting import Bands, Sensor
from .encoders import load

Knowledge = Annotated[str, typer.Option(help="What answers rest on: a knowledge base, built-in or none.")]
IndexPlace = Annotated[
    str | None,
    typer.Option("--index", help="Your own tiles, to be searched: a folder of `rsvlm index build`."),
]
Encoder = Annotated[
    str | None,
    typer.Option("--encoder", help="Image-text model. (default: the one that made the knowledge base)"),
]
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0: every address of this machine.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0: any that is free.", min=0, max=65535)]
Login = Annotated[
    str | None,
    typer.Option(
        help="Who may come in: NAME:VARIABLE (the variable holds the password), or a file of name:password lines."
    ),
]
MaxUpload = Annotated[str, typer.Option(help="Largest file that is taken: 50MB.")]


def demo(
    knowledge: Knowledge = "built-in",
    index: IndexPlace = None,
    generator: generators.GeneratorName = None,
    settings: generators.Options = None,
    encoder: Encoder = None,
    sensor: Sensor = None,
    bands: Bands = None,
    host: Host = "127.0.0.1",
    port: Port = 7860,
    login: Login = None,
    max_upload: MaxUpload = "50MB",
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Ask about images in the browser: a question in, an answer with its evidence out.

    [bold]With what ships[/bold]
      rsvlm demo

    [bold]With your own[/bold]
      rsvlm demo --knowledge knowledge/ --index index/
      rsvlm demo --generator http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct

    [bold]With images whose files do not name their bands[/bold]
      rsvlm demo --sensor sentinel-2-l2a

    [bold]For others, too[/bold]
      DEMO_PASSWORD=... rsvlm demo --host 0.0.0.0 --login team:DEMO_PASSWORD
    """
    from rsvlm.demo import Limits, serve
    from rsvlm.demo.limits import read_size
    from rsvlm.demo.login import read_login
    from rsvlm.demo.serving import check_address, check_installed, is_local
    from rsvlm.imagery.sensors import load_sensor
    from rsvlm.retrieval import open_index

    check_installed()
    limits = Limits(upload=read_size(max_upload))
    users = [] if login is None else read_login(login)
    check_address(host, port)
    if sensor is not None:
        load_sensor(sensor)
    if index is not None:
        open_index(index)
    from rsvlm.demo.engine import Engine  # loads the models' libraries: bad options end before

    made = None if encoder is None else load(encoder, None, "auto", "auto", None, offline)
    writes = None if generator is None else generators.load(generator, offline, settings)
    with console.status("Getting ready"):
        engine = Engine.load(knowledge, index, made, writes, limits, sensor, bands)
    if not is_local(host) and not users:
        tell("--login asks for a password.", "yellow", f"Everybody who can reach {host} can use the demo:")
    with serve(engine, host=host, port=port, login=users) as running:
        tell(f"Running at {running.address} (Ctrl+C stops it)")
        running.wait()
    tell("Stopped. What was uploaded is deleted.")
