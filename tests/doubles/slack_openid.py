"""A double of Sign in with Slack over real HTTP: discovery, the authorize redirect, tokens signed with RS256, the keys.

`who` is who sits at the browser; `twist` changes the claims of the next tokens; `signed_with` another key than the one
that is published.
"""

import base64
import hashlib
import time
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.doubles.http import HttpDouble, Reply

CLIENT_ID, CLIENT_SECRET = "1111.2222", "s3cr3t-of-the-app"
USER, TEAM = "https://slack.com/user_id", "https://slack.com/team_id"
KEY = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
ANOTHER_KEY = RSAKey.generate_key(2048, {"kid": KEY.kid, "use": "sig"})


class SlackOpenIdDouble(HttpDouble):
    """Signs `who` (user and team) in for one app, at most once for each code."""

    def __init__(self, who=("U0ANA", "T0OURS")):
        super().__init__()
        self.who = who
        self.twist = lambda claims: claims
        self.signed_with = KEY
        self._codes = {}

    def answer(self, request):
        said = {
            "/.well-known/openid-configuration": self._discovery,
            "/openid/connect/authorize": self._authorize,
            "/api/openid.connect.token": self._token,
            "/openid/connect/keys": self._keys,
        }.get(request.path)
        return said(request) if said else Reply(404, {"ok": False, "error": "unknown_method"})

    def _discovery(self, _request):
        # As https://slack.com/.well-known/openid-configuration says it.
        return Reply(
            200,
            {
                "issuer": self.origin,
                "authorization_endpoint": f"{self.origin}/openid/connect/authorize",
                "token_endpoint": f"{self.origin}/api/openid.connect.token",
                "userinfo_endpoint": f"{self.origin}/api/openid.connect.userInfo",
                "jwks_uri": f"{self.origin}/openid/connect/keys",
                "scopes_supported": ["openid", "profile", "email"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["form_post"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            },
        )

    def _authorize(self, request):
        asked = {name: values[0] for name, values in request.query.items()}
        if (asked["client_id"], asked["response_type"]) != (CLIENT_ID, "code") or "openid" not in asked["scope"]:
            return Reply(400, "invalid_client_id", content_type="text/plain")
        code = token_urlsafe(12)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return Reply(302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    def _token(self, request):
        said = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (said.get("client_id"), said.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Reply(200, {"ok": False, "error": "bad_client_secret"})
        asked = self._codes.pop(said.get("code"), None)
        if asked is None or asked["redirect_uri"] != said.get("redirect_uri"):
            return Reply(200, {"ok": False, "error": "invalid_code"})
        access_token = f"xoxp-{token_urlsafe(12)}"
        id_token = jwt.encode(
            {"alg": "RS256", "kid": KEY.kid}, self.twist(self._claims(asked, access_token)), self.signed_with
        )
        return Reply(200, {"ok": True, "access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    def _claims(self, asked, access_token):
        now, (user, team) = int(time.time()), self.who
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        return {
            "iss": self.origin,
            "sub": user,
            "aud": asked["client_id"],
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked.get("nonce"),
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            USER: user,
            TEAM: team,
        }

    def _keys(self, _request):
        return Reply(200, {"keys": [KEY.as_dict(private=False)]})
