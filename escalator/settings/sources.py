"""Where the values come from: the process's environment, an `.env` file in its folder, and the files of `NAME_FILE`."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv import dotenv_values

from escalator.errors import ConfigurationError

_SUFFIX = "_FILE"
_MOST_BYTES = 64 * 1024
_BOM = "\ufeff"
_AROUND = f"{_BOM} \t\r\n\f\v"
"""What stands around a value by accident: files end in a line, and those of other systems in a carriage return."""


def raw_environment() -> dict[str, str]:
    """Return the variables of this process and of an `.env` file; raises ConfigurationError for one that is no text."""
    try:
        values = dotenv_values(Path(".env"), encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f".env: cannot be read ({reason}); save it as UTF-8, or remove it") from None
    return {**{name: value for name, value in values.items() if value is not None}, **os.environ}


def environment() -> dict[str, str]:
    """Return the variables that this process goes by, those of `NAME_FILE`s included; raises ConfigurationError."""
    values, problems = read_file_variables(raw_environment(), ())
    if problems:
        raise ConfigurationError(*problems)
    return values


def read_file_variables(env: Mapping[str, str], known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the values without what surrounds them, with that of the file for each NAME that only `NAME_FILE` names.

    A file of one of the `known` names must be readable; other variables may be called so for reasons of their own.
    """
    values = {name: value.strip(_AROUND) for name, value in env.items()}
    problems = []
    for name, path in list(values.items()):
        plain_name = name.removesuffix(_SUFFIX)
        if plain_name in {name, ""} or not path or values.get(plain_name):
            continue
        content = _content(path)
        if isinstance(content, str):
            values[plain_name] = content
        elif plain_name in known:
            # The path is not repeated: whoever mistakes the one for the other has written a secret there.
            problems.append(f"{name}: {content[0]}; write the path of a UTF-8 file that contains only the value")
    return values, problems


def _content(path: str) -> str | tuple[str]:
    """Return what a file holds, or why there is nothing to be had."""
    try:
        if not Path(path).is_file():
            return (
                "is the path of a folder or device" if Path(path).exists() else "is not the path of an existing file",
            )
        with Path(path).open("rb") as file:
            found = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return (
            f"is the path of a file that cannot be read ({getattr(error, 'strerror', None) or 'not a valid path'})",
        )
    if len(found) > _MOST_BYTES:
        return (f"is the path of a file of more than {_MOST_BYTES // 1024} KiB",)
    try:
        content = found.decode("utf-8-sig").strip(_AROUND)
    except UnicodeDecodeError:
        return ("is the path of a file that is not UTF-8",)
    return content or ("is the path of an empty file",)
