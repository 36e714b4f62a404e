"""What every page of ours says to a browser beside itself: run nothing but ours, be framed by nobody, tell nobody."""

from flask import Flask, Response

from escalator.settings import Settings

PRIVATE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

PAGE = {
    **PRIVATE,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Of a page of the dashboard."""

FRAMING_PAGE = {**PAGE, "Content-Security-Policy": f"{PAGE['Content-Security-Policy']}; frame-src 'self'"}
"""Of a page that shows another one of ours in a frame."""

_HSTS = "max-age=31536000"


def insist_on_tls(app: Flask, settings: Settings) -> None:
    """Where people reach us over TLS, let browsers come over nothing else for a year.

    See https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Strict-Transport-Security
    """
    if not settings.base_url.startswith("https://"):
        return

    @app.after_request
    def insist(response: Response) -> Response:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
        return response
