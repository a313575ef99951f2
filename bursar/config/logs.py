"""How Bursar logs: one line an event, as text or JSON, each with the id of its request."""

from __future__ import annotations

from typing import Any

import structlog
from structlog.typing import Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def renderer(form: str) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True)


def form_of(text: str) -> str:
    if text not in ("text", "json"):
        raise ValueError("it is text or json")
    return text


def configure(form: str) -> None:
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def logging_settings(form: str) -> dict[str, Any]:
    """Django's LOGGING: the standard library's loggers speak the same form."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer(form)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"bursar": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "bursar"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            # Expected refusals are quiet; a 500 comes with its traceback.
            "django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
            "procrastinate": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "bursar": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        },
    }
