"""Every kind of destination has every part, and one that is left out is found before anything runs."""

import re
from pathlib import Path

import pytest

from escalator import channels
from escalator.channels.registry import VENDORS, one_for_each_kind
from escalator.channels.vendor import Vendor
from escalator.model.destination_kind import DestinationKind
from escalator.model.kind_description import KindDescription
from escalator.sandbox.registry import SANDBOX_VENDORS

FOLDERS = Path(channels.__path__[0])
PARTS = (
    "__init__.py",
    "kind.py",
    "channel.py",
    "limits.py",
    "failures.py",
    "registry_entry.py",
    "sandbox.py",
    "look.js",
)


@pytest.mark.parametrize("kind", DestinationKind)
def test_every_kind_has_its_folder_with_every_part(kind):
    folder = FOLDERS / kind.value
    assert [part for part in (*PARTS, "README.md") if not (folder / part).is_file()] == []
    assert VENDORS[kind].kind is SANDBOX_VENDORS[kind].kind is kind


def test_every_folder_is_a_kind():
    folders = {file.parent.name for file in FOLDERS.glob("*/kind.py")}
    assert folders == {kind.value for kind in DestinationKind}


def test_a_vendor_that_is_left_out_or_listed_twice_is_an_error_at_import():
    vendors = list(VENDORS.values())
    with pytest.raises(TypeError, match=f"missing: {vendors[-1].kind.value}"):
        one_for_each_kind(vendors[:-1])
    with pytest.raises(TypeError, match="once"):
        one_for_each_kind([*vendors, vendors[0]])


@pytest.mark.parametrize("made", [Vendor, KindDescription])
def test_a_part_that_is_left_out_is_an_error_at_import(made):
    with pytest.raises(TypeError, match=re.escape("required keyword-only arguments")):
        made()
