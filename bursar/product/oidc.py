"""Sign-in by the product's OpenID Connect issuer: what the standard asks and the library leaves to its user.

The nonce (OpenID Connect Core 3.1.2.1), the issuer of the discovery document (Discovery 4.3), a key without a name, and
the signature of the ID token always, since an issuer may well stand in the same network without TLS.
"""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET, require_http_methods
from requests import RequestException

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY = 60  # seconds that two clocks may differ
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class IssuerAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Raises OAuth2Error for an issuer that does not keep to the standard."""

    @property
    def openid_config(self) -> dict[str, Any]:
        found: Any = super().openid_config
        if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in NEEDED):
            raise OAuth2Error("The discovery document lacks an address.")
        if str(found.get("issuer", "")).rstrip("/") != settings.BURSAR_OIDC_SERVER:
            raise OAuth2Error("The discovery document is another issuer's.")
        return found

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._find_key(jwt.get_unverified_header(id_token)),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"The ID token does not hold: {error}") from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("The ID token was made for somebody else.")
        return claims

    def _find_key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """The issuer's key that signed. A token need not name it where there is but one (Core 10.1)."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        algorithm, name = header.get("alg"), header.get("kid")
        fit = [
            key
            for key in answer.json()["keys"]
            if key.get("use", "sig") == "sig"
            and key.get("alg", algorithm) == algorithm
            and (name is None or key.get("kid") == name)
        ]
        if len(fit) != 1 or algorithm not in ALGORITHMS:
            raise OAuth2Error("The ID token names no key of the issuer's.")
        return jwt.PyJWK.from_dict(fit[0], algorithm=algorithm)

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The issuer sent no ID token.")
        try:
            return super().complete_login(request, app, token, **kwargs)
        except (KeyError, TypeError, ValueError) as error:  # a key without a name, a token without a subject
            raise OAuth2Error(f"The issuer's answer cannot be read: {error!r}") from error


class ProductProvider(OpenIDConnectProvider):  # type: ignore[misc]  # as above
    oauth2_adapter_class = IssuerAdapter

    def redirect(
        self, request: HttpRequest, process: str, next_url: Any = None, data: Any = None, **kwargs: Any
    ) -> Any:
        """To the issuer, with a nonce that the session remembers beside the state and the code verifier."""
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**(kwargs.get("auth_params") or {}), "nonce": nonce}
        return super().redirect(request, process, next_url, data, nonce=nonce, **kwargs)


@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _answer(OAuth2LoginView, request, provider_id)


@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    return _answer(OAuth2CallbackView, request, provider_id)


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    adapter = IssuerAdapter(request, provider_id)
    try:
        response: HttpResponseBase = view.adapter_view(adapter)(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (RequestException, OAuth2Error) as error:  # from the discovery, which the library does not expect to fail
        response = render_authentication_error(request, adapter.get_provider(), exception=error)
    return response
