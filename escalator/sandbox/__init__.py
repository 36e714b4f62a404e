"""The sandbox: it simulates every vendor, shows what would have been sent as its readers would see it, and lets people
act on it.

Production need not import it: it is imported on first use by the composition root and the web.
"""

from escalator.channels.stand_in import Refused
from escalator.sandbox.controls import expire_deadline, kill_worker, send_sample
from escalator.sandbox.mail import mail_page
from escalator.sandbox.page import sandbox_state
from escalator.sandbox.signed_request import Signed
from escalator.sandbox.slack_clicks import Press, TypedCommand, signed_click, signed_command
from escalator.sandbox.vendor_actions import Deed, signed_act

__all__ = [
    "Deed",
    "Press",
    "Refused",
    "Signed",
    "TypedCommand",
    "kill_worker",
    "mail_page",
    "expire_deadline",
    "sandbox_state",
    "send_sample",
    "signed_act",
    "signed_click",
    "signed_command",
]
