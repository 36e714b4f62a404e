"""Sources of the values: the process's environment, an `.env` file in its folder, and the files of `NAME_FILE`."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv import dotenv_values

from escalator.errors import ConfigurationError

_SUFFIX = "_FILE"
_MOST_BYTES = 64 * 1024
_BOM = "\ufeff"
_AROUND = f"{_BOM} \t\r\n\f\v"
"""Characters around a value that do not belong to it: line ends of files, also of other systems."""


def raw_environment() -> dict[str, str]:
    """Return the variables of this process and of an `.env` file; raises ConfigurationError for an unreadable file."""
    try:
        values = dotenv_values(Path(".env"), encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f".env: cannot be read ({reason}); save it as UTF-8, or remove it") from None
    return {**{name: value for name, value in values.items() if value is not None}, **os.environ}


def environment() -> dict[str, str]:
    """Return the variables of this process with those of `NAME_FILE`s; raises ConfigurationError."""
    values, problems = read_file_variables(raw_environment(), ())
    if problems:
        raise ConfigurationError(*problems)
    return values


def read_file_variables(env: Mapping[str, str], known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the stripped values, with the file's content for each NAME that is set only by `NAME_FILE`, and problems.

    The file of one of the `known` names must be readable; other variables may end in `_FILE` for other reasons.
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
            # The path is not repeated: somebody may have written the secret itself there by mistake.
            problems.append(f"{name}: {content[0]}; write the path of a UTF-8 file that contains only the value")
    return values, problems


def _content(path: str) -> str | tuple[str]:
    """Return the content of a file, or why it cannot be read, as a tuple."""
    try:
        if not Path(path).is_file():
            return (
                "is the path of a folder or device" if Path(path).exists() else "is not the path of an existing file",
            )
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        return (
            f"is the path of a file that cannot be read ({getattr(error, 'strerror', None) or 'not a valid path'})",
        )
    if len(data) > _MOST_BYTES:
        return (f"is the path of a file of more than {_MOST_BYTES // 1024} KiB",)
    try:
        content = data.decode("utf-8-sig").strip(_AROUND)
    except UnicodeDecodeError:
        return ("is the path of a file that is not UTF-8",)
    return content or ("is the path of an empty file",)
