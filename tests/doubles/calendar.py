"""A server of calendars, as a vendor exports them: one feed, at an address that is a secret."""

from tests.doubles.http import HttpDouble, Reply

SECRET = "s3cr3t-t0ken"


class CalendarDouble(HttpDouble):
    """Answers with `feed`, whatever it is at the moment; anything but its address is not there.

    `meanwhile` is what happens while somebody waits for the answer.
    """

    def __init__(self, feed=""):
        super().__init__()
        self.feed = feed
        self.meanwhile = lambda: None
        self.path = f"/{SECRET}/oncall.ics"
        self.url = f"{self.origin}{self.path}"

    def answer(self, request):
        if request.path != self.path:
            return Reply(404, "no such calendar", content_type="text/plain")
        self.meanwhile()
        return Reply(200, self.feed, content_type="text/calendar; charset=utf-8")
