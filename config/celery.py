"""The Celery application: a doorbell only; the work itself stands as rows in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("blind_eval")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
