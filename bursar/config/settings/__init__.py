"""Django's settings. What an operator may set is declared with `option` in the files beside this one, by subject;
`docs/reference/settings.md` is made from there.
"""

from __future__ import annotations

from bursar.config import logs, sign_in
from bursar.config.settings.company import *
from bursar.config.settings.installation import *
from bursar.config.settings.invoices import *
from bursar.config.settings.messages import *
from bursar.config.settings.payments import *
from bursar.core.database import connection_settings

ROOMS = [
    "core", "ui", "access", "files", "outbox", "audit", "actions", "staff", "tenants", "approvals", "plans", "usage",
    "billing",
    "payments", "rollup", "attention", "requests", "partners", "training", "support", "notifications", "webhooks",
    "product", "dashboard", "panel", "demo", "config", "mollie_sim",
]  # fmt: skip
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "pgtrigger",
    "procrastinate.contrib.django",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *[f"bursar.{room}" for room in ROOMS],
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bursar.config.middleware.RequestIdMiddleware",
    "bursar.config.headers.SecurityHeadersMiddleware",
    "bursar.config.methods.MethodMiddleware",
    "bursar.config.unavailable.BusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "bursar.config.amounts.AmountsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bursar.config.middleware.ActorMiddleware",
    "bursar.config.middleware.GateMiddleware",
    "bursar.config.middleware.RefusalMiddleware",
]
APPEND_SLASH = False
BURSAR_ACTOR_LOADER = "bursar.config.carried.load_actor"
ROOT_URLCONF = "bursar.config.urls"
WSGI_APPLICATION = "bursar.config.wsgi.application"

_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "bursar" / "ui" / "templates"],  # before allauth's own
        "OPTIONS": {
            "loaders": _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
            "builtins": ["django_cotton.templatetags.cotton", "bursar.ui.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bursar.config.context.installation",
            ],
        },
    }
]

DATABASES = {"default": connection_settings(BURSAR_VAR, DATABASE_URL)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", BURSAR_CONNECT_TIMEOUT)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.User"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}
AUTHENTICATION_BACKENDS = ["bursar.staff.backend.SignInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "bursar.staff.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "bursar.staff.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up: addresses come from staff and the product
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = f"Bursar, {BURSAR_COMPANY_NAME}"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BURSAR_HTTPS  # a browser allows it on localhost only
SOCIALACCOUNT_ADAPTER = "bursar.product.adapter.ProductSignInAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = sign_in.providers(
    BURSAR_OIDC_SERVER, BURSAR_OIDC_CLIENT, BURSAR_OIDC_SECRET, BURSAR_COMPANY_NAME
)
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "bursar.config.stale.refuse"
if BURSAR_HTTPS:  # names that a browser takes from this very host over TLS only
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BURSAR_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if BURSAR_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BURSAR_HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BURSAR_VAR / "static"
_PACKAGES = {
    "tabler": "@tabler/core/dist/css",
    "chart": "chart.js/dist",
    "swagger": "swagger-ui-dist",
    "inter": "inter-ui/variable",
    "inter-latin": "inter-ui/variable-latin",
}
STATICFILES_DIRS = [
    (f"vendor/{name}", ROOT / "node_modules" / path)
    for name, path in _PACKAGES.items()
    if (ROOT / "node_modules" / path).is_dir()
]
ICONS = ROOT / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "bursar.config.icons.IconsFinder",
]
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000  # a batch of the product; DOMAIN's ten thousand events are two to four

logs.configure(BURSAR_LOG)
LOGGING = logs.logging_settings(BURSAR_LOG)
