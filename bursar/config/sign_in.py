"""What the sign-in library is told about the product's issuer."""

from __future__ import annotations

from typing import Any


def providers(server: str | None, client: str, secret: str, name: str) -> dict[str, Any]:
    """`SOCIALACCOUNT_PROVIDERS`. The subject is all that is asked for: scope openid, and no look at the userinfo."""
    app = {
        "provider_id": "product",
        "name": name,
        "client_id": client,
        "secret": secret,
        "settings": {"server_url": f"{server}/.well-known/openid-configuration", "fetch_userinfo": False},
    }
    settings = {
        "provider_class": "bursar.product.oidc.ProductProvider",
        "OAUTH_PKCE_ENABLED": True,
        "SCOPE": ["openid"],
        "APPS": [app] if server else [],
    }
    return {"openid_connect": settings}
