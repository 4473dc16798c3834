"""Who may come in: names and passwords, none of which stands on a command line."""

import os
from pathlib import Path

from .errors import DemoError


def read_login(text: str) -> list[tuple[str, str]]:
    """Return names and passwords.

    Args:
        text: "NAME:VARIABLE", a name and the environment variable that holds its password; or a file with a
            "name:password" on each line.

    Raises:
        DemoError: There is no such variable or file, or a line of it is none.
    """
    file = Path(text)
    if file.is_file():
        return _of_file(file)
    name, colon, variable = text.partition(":")
    if not colon or not name or not variable:
        raise DemoError(f"login {text!r}: is no file; give one, or NAME:VARIABLE, such as me:DEMO_PASSWORD")
    password = os.environ.get(variable)
    if not password:
        raise DemoError(
            f"login: the environment variable {variable} is not set: put the password of {name} into it"
        )
    return [(name, password)]


def _of_file(file: Path) -> list[tuple[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DemoError(f"login: {file} cannot be read ({error})") from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or not name.strip() or not password:
            raise DemoError(f"login: line {number} of {file} is no name:password")
        found.append((name.strip(), password))
    if not found:
        raise DemoError(f"login: {file} names nobody: write a name:password on each line")
    return found
