import gc
import os

from django.core.wsgi import get_wsgi_application

from bursar.config.starting import refuse_faults

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bursar.config.settings")
django = get_wsgi_application()
refuse_faults()

from django.conf import settings  # noqa: E402  # once Django is set up

from bursar.config.slots import SLOTS, Admission  # noqa: E402
from bursar.core import timeouts  # noqa: E402

timeouts.begin_process(timeouts.Work.PAGE)
application = Admission(django, SLOTS, beside=("/healthz", "/readyz", settings.STATIC_URL))
gc.collect()
gc.freeze()  # what start-up made stays for good: no collection walks it again
