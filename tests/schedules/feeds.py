"""Texts of calendars, as their makers export them."""

MADRID = """\
BEGIN:VTIMEZONE
TZID:Europe/Madrid
X-LIC-LOCATION:Europe/Madrid
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""

PAGERDUTY = """\
BEGIN:VCALENDAR
PRODID;X-RICAL-TZSOURCE=TZINFO:-//com.denhaven2/NONSGML ri_cal gem//EN
CALSCALE:GREGORIAN
VERSION:2.0
X-WR-CALNAME:On Call Schedule for Seniors
X-PUBLISHED-TTL:PT1H
METHOD:PUBLISH
BEGIN:VEVENT
DTEND;VALUE=DATE-TIME:20261109T080000Z
DTSTART;VALUE=DATE-TIME:20261102T080000Z
ATTENDEE;CN="Dana Fox";ROLE=REQ-PARTICIPANT:mailto:Dana.Fox@example.com
UID:Q2XQ1HS1B7C0PK
URL:https://example.pagerduty.com/schedules#PH4OKN1
SUMMARY:On Call - Dana Fox - Seniors
END:VEVENT
BEGIN:VEVENT
DTEND;VALUE=DATE-TIME:20261116T080000Z
DTSTART;VALUE=DATE-TIME:20261109T080000Z
ATTENDEE;CN="Eli Stone";ROLE=REQ-PARTICIPANT:mailto:eli@example.com
UID:Q0S4WAHHFI6MQX
URL:https://example.pagerduty.com/schedules#PH4OKN1
SUMMARY:On Call - Eli Stone - Seniors
END:VEVENT
END:VCALENDAR
"""

GOOGLE = f"""\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Seniors
X-WR-TIMEZONE:Europe/Madrid
{MADRID}
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261005T090000
DTEND;TZID=Europe/Madrid:20261005T170000
RRULE:FREQ=WEEKLY;BYDAY=MO
EXDATE;TZID=Europe/Madrid:20261012T090000
DTSTAMP:20261001T101500Z
ORGANIZER;CN=Lead:mailto:lead@example.com
UID:4h2k@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Dana F
 ox;X-NUM-GUESTS=0:MAILTO:dana@example.com
ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;CN=eli@example.com:mailto:eli@example.com
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:Senior on duty
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261020T100000
DTEND;TZID=Europe/Madrid:20261020T120000
RECURRENCE-ID;TZID=Europe/Madrid:20261019T090000
DTSTAMP:20261001T101500Z
UID:4h2k@google.com
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:ana
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Madrid:20261102T090000
DTEND;TZID=Europe/Madrid:20261102T170000
RECURRENCE-ID;TZID=Europe/Madrid:20261102T090000
DTSTAMP:20261001T101500Z
UID:4h2k@google.com
SEQUENCE:2
STATUS:CANCELLED
SUMMARY:Senior on duty
END:VEVENT
END:VCALENDAR
"""

HTML = "<!DOCTYPE html>\n<html><body>Sign in to see this calendar</body></html>\n"


def calendar(*lines: str) -> str:
    """Return a calendar with these lines."""
    whole = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *lines, "END:VCALENDAR", "")
    return "\r\n".join(whole)


def event(start: str, end: str, *lines: str, summary: str = "ana", uid: str = "one@example.com") -> str:
    """Return an event; `start` and `end` are written with their parameters, such as `;VALUE=DATE:20261006`."""
    return timed(start, f"DTEND{end}", *lines, summary=summary, uid=uid)


def timed(start: str, *lines: str, summary: str = "ana", uid: str = "one@example.com") -> str:
    """Return an event whose end, if it has one, is among the lines."""
    head = ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261001T000000Z", f"DTSTART{start}")
    return "\r\n".join((*head, *lines, f"SUMMARY:{summary}", "END:VEVENT"))
