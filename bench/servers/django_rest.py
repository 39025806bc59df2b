"""The same turn with authentication in Django REST framework, on WAL and synchronous=FULL: a project in one file.

As its users would run it: gunicorn with threads, connections kept, write transactions begun IMMEDIATE, DRF's
token authentication and serializer validation. Run as a program it makes the database.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import django
from django.conf import settings

from bench.servers.turn import About, directory, introduce, reply_to, session_ids

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="only for this run",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "rest_framework",
            "rest_framework.authtoken",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": directory() / "turns.db",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 30,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
            }
        },
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        },
    )
    django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


def _new_id() -> str:
    return str(uuid4())


class Session(models.Model):
    id = models.CharField(primary_key=True, max_length=36, default=_new_id)
    scam_type = models.CharField(max_length=50, null=True, db_index=True)
    persona_id = models.CharField(max_length=50, default="elderly_victim")
    status = models.CharField(max_length=20, default="ONGOING", db_index=True)
    is_scam = models.BooleanField(default=True)
    source_type = models.CharField(max_length=20, null=True)
    turn_count = models.IntegerField(default=0)
    metadata_json = models.JSONField(null=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "turns"
        db_table = "sessions"


class Message(models.Model):
    id = models.CharField(primary_key=True, max_length=36, default=_new_id)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(max_length=20)
    content = models.TextField()
    turn_number = models.IntegerField(db_index=True)
    metadata_json = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "turns"
        db_table = "messages"


class IncomingMessage(serializers.Serializer[Any]):
    message = serializers.CharField(max_length=4000)


class Reply(serializers.Serializer[Any]):
    reply = serializers.CharField()
    turn = serializers.IntegerField()


class Turn(APIView):
    def post(self, request: Request, session_id: UUID) -> Response:
        incoming = IncomingMessage(data=request.data)
        incoming.is_valid(raise_exception=True)
        message = incoming.validated_data["message"]
        with transaction.atomic():
            session = get_object_or_404(Session, pk=str(session_id))
            session.turn_count += 1
            reply = reply_to(message)
            Message.objects.bulk_create(
                [
                    Message(session=session, role="scammer", content=message, turn_number=session.turn_count),
                    Message(session=session, role="agent", content=reply, turn_number=session.turn_count),
                ]
            )
            session.save(update_fields=["turn_count", "updated_at"])
        return Response(Reply({"reply": reply, "turn": session.turn_count}).data)


urlpatterns = [path("sessions/<uuid:session_id>/messages", Turn.as_view())]


def create_app() -> WSGIHandler:
    return get_wsgi_application()


def make_database() -> None:
    """The tables, the open sessions, one user with a token; leaves the token and the settings for the run."""
    from django.contrib.auth import get_user_model
    from rest_framework.authtoken.models import Token

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Session)
        editor.create_model(Message)
    Session.objects.bulk_create([Session(id=session_id) for session_id in session_ids()])
    token = Token.objects.create(
        user=get_user_model().objects.create_user("agent", password="only for this run")
    )
    introduce(About(headers={"Authorization": f"Token {token.key}"}, settings=_settings()))


def _settings() -> dict[str, str]:
    with connection.cursor() as cursor:
        return {
            name: str(cursor.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("journal_mode", "synchronous")
        }


if __name__ == "__main__":
    make_database()
