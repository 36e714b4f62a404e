"""Length limits of Slack, with their sources, for the whole package.

Lengths are characters of the text as it is sent, `&amp;` counting five. Slack does not document its unit: we count
UTF-16 units (`rendering.truncate.utf16`), which are never fewer than by any other way of counting.
"""

TEXT = 4_000
"""`text` of chat.postMessage and chat.update. docs.slack.dev/reference/methods/chat.postmessage: 4,000 are recommended,
40,000 the most; docs.slack.dev/reference/methods/chat.update refuses more than 4,000 (`msg_too_long`)."""

EPHEMERAL_TEXT = 3_000
"""`text` of what only one person sees. Undocumented; clients of Slack have seen longer ones refused."""

BLOCKS = 50
"""Blocks of a message. docs.slack.dev/reference/block-kit/blocks"""

VIEW_BLOCKS = 100
"""Blocks of a modal. docs.slack.dev/reference/block-kit/blocks"""

MESSAGE_TEXT = 10_000
"""All texts of a message's blocks together. Undocumented: github.com/slackapi/bolt-js/issues/2509 has it from Slack
that it is 12,000 with a buffer for block containers; 11,341 were refused as `msg_blocks_too_long` (issue 2867)."""

VIEW_TEXT = 40_000
"""All texts of a modal together. A view may have 250 KB (docs.slack.dev/reference/methods/views.open), and a unit of
UTF-16 takes up to 6 bytes of JSON (`\\ud83d`)."""

HEADER = 150
"""docs.slack.dev/reference/block-kit/blocks/header-block"""

SECTION = 3_000
"""docs.slack.dev/reference/block-kit/blocks/section-block"""

BLOCK_ID = 255
"""docs.slack.dev/reference/block-kit/blocks"""

ACTIONS = 25
"""Elements of an actions block. docs.slack.dev/reference/block-kit/blocks/actions-block"""

ACTION_ID = 255
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
"""docs.slack.dev/reference/block-kit/block-elements/button-element"""

URL = 2_000
"""Ours, for a link inside a text: a button's may have 3,000 (the same page), and a section must hold more than one."""

CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
"""docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""

VIEW_TITLE = 24
"""Title, submit and close of a modal, and its metadata. docs.slack.dev/reference/views/modal-views"""

PRIVATE_METADATA = 3_000
"""The same page."""

INPUT_LABEL = 2_000
INPUT_HINT = 2_000
"""docs.slack.dev/reference/block-kit/blocks/input-block"""

INPUT_TEXT = 3_000
"""`max_length` at most. docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""

PLACEHOLDER = 150
"""docs.slack.dev/reference/block-kit/block-elements/select-menu-element"""

OPTIONS = 100
"""Options of a menu, of a group, and of an answer to a search. The same page, and
docs.slack.dev/reference/interaction-payloads/block_suggestion-payload"""

OPTION_GROUPS = 100
OPTION_GROUP_LABEL = 75
"""docs.slack.dev/reference/block-kit/composition-objects/option-group-object"""

OPTION_TEXT = 75
OPTION_VALUE = 150
"""docs.slack.dev/reference/block-kit/composition-objects/option-object"""

MENTION_SECTIONS = 2
BODY_TEXT = 2_500
"""Ours: two full sections name some 400 people; so much room is always left for what the message is about."""
