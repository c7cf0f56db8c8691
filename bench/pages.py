"""
The pages that lead to all others: home and coverage of the recorded catalogue of 61 integrations
with a cooldown, from request to HTML, and the check of a tox.ini of 18,000 lines.
"""

import io
import sys
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now

from bench import review
from bench.matrix import CATALOGUE, best_of
from bench.poll import fresh_database
from bench.report import Row, print_rows
from integrations.catalogue.models import Sdk
from matrix.review.models import PublishedFile
from matrix.rules.checking.judging import State
from matrix.sdk.checking import check
from matrix.sdk.gathering import index_of
from matrix.sdk.running import carry_out, request
from tests.support.index_server import IndexServer

HOME, COVERAGE, CHECK = 0.15, 0.15, 0.5  # Seconds of server time.


def run() -> list[Row]:
    return [*pages(), *checks()]


def pages() -> list[Row]:
    with fresh_database(), IndexServer() as server:
        call_command("import_catalogue", str(CATALOGUE), sdk="few", stdout=io.StringIO())
        Sdk.objects.update(pins_style="none", cooldown_days=7)
        sdk = Sdk.objects.get()
        asked = request(sdk, by=None, at=now() - timedelta(hours=1))
        assert carry_out(asked, clock=now, index=index_of(sdk, url=server.url)) is not None
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser("ana"))
        number = sdk.integrations.count()
        return [
            measured(f"home page, {number} integrations", client, "/", HOME),
            measured(f"coverage, {number} integrations", client, "/sdks/few/coverage/", COVERAGE),
        ]


def measured(work: str, client: Client, path: str, limit: float) -> Row:
    assert client.get(path).status_code == 200
    return Row(work=work, seconds=best_of(lambda: client.get(path)), limit=limit)


def checks() -> list[Row]:
    with fresh_database():
        Sdk.objects.create(slug="large", name="Large", pythons="3.8 3.14", pins_style="inline")
        User.objects.create_superuser("ana")
        week = review.matrix(0)
        lines = review.publish(review.a_proposal(week.parts, week))
        text = PublishedFile.objects.get().read()
        edited = text.replace("==1.0.", "==1.1.")
        assert check(text).state is State.CURRENT
        assert check(edited).state is State.REGION_EDITED
        return [
            Row(work=f"check {lines} lines: {what}", seconds=best_of(ask), limit=CHECK)
            for what, ask in (
                ("current", lambda: check(text)),
                ("many edits", lambda: check(edited)),
            )
        ]


if __name__ == "__main__":
    import django

    django.setup()
    sys.exit(0 if print_rows(run()) else 1)
