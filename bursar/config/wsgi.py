import gc
import os

from django.core.wsgi import get_wsgi_application

from bursar.config.starting import refuse_faults

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bursar.config.settings")
application = get_wsgi_application()
refuse_faults()
gc.collect()
gc.freeze()  # what start-up made stays for good: no collection walks it again
