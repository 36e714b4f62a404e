"""Time zones by their names."""

from zoneinfo import ZoneInfo

_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
_NO_FOLDERS = ("posix/", "right/")


def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of the IANA database with that name, or None when there is none.

    Other files in the database's folder do not count: `localtime` is the setting of this machine, `right/` counts leap
    seconds.
    """
    if not name or name in _NO_ZONES or name.startswith(_NO_FOLDERS):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # it looks for a file, so a name may be no path
        return None
