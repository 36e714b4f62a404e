"""Stream's codes in words: its actions on an item, labels, and languages."""

from escalator.model.facts import normalized

_ACTIONS = {
    "keep": "Kept, visible",
    "flag": "Flagged, still visible",
    "mask": "Words masked, the rest still visible",
    "maskflag": "Words masked and flagged, the rest still visible",
    "shadow": "Shadow-blocked, visible only to its author",
    "shadowblock": "Shadow-blocked, visible only to its author",
    "remove": "Blocked, not visible",
    "block": "Blocked, not visible",
    "bounce": "Bounced to its author, not visible",
    "bounceflag": "Bounced to its author and flagged, not visible",
    "bounceremove": "Bounced, then blocked, not visible",
    "ban": "Author banned",
}

_LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def action_words(action: str) -> str:
    """Return Stream's recommended action in words; after an unknown action the item may still be visible."""
    return _ACTIONS.get(normalized(action), "Stream's action is unknown; the content may be visible")


def label_words(label: str) -> str:
    """Return a label of Stream's in words: `SELF_HARM` is `Self harm`; others stay as they are written."""
    spaced = label.replace("_", " ").strip()
    return spaced.capitalize() if spaced.isupper() else spaced


def language_name(code: str) -> str:
    """Return the English name of an ISO 639-1 code (a region is left out), or an empty text for an unknown code."""
    return _LANGUAGES.get(code.strip().lower().replace("_", "-").split("-")[0], "")
