"""Security headers of every page: run only our scripts, no framing by other sites, send no referrer."""

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
"""For a page of the dashboard."""

FRAMING_PAGE = {**PAGE, "Content-Security-Policy": f"{PAGE['Content-Security-Policy']}; frame-src 'self'"}
"""For a page that shows another page of ours in a frame."""

_HSTS = "max-age=31536000"


def insist_on_tls(app: Flask, settings: Settings) -> None:
    """If people reach us over TLS, make browsers use nothing else for a year.

    See https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Strict-Transport-Security
    """
    if not settings.base_url.startswith("https://"):
        return

    @app.after_request
    def insist(response: Response) -> Response:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
        return response
