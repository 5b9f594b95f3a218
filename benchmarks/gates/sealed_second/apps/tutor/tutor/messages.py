"""Messages between the school, tutors and guardians."""
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import repo, settings
from .db import get_engine
from .helpers import (
    ApiError,
    arg_bool,
    arg_choice,
    arg_date,
    arg_text,
    current_user,
    paging,
    reply,
    reply_page,
    stamp,
)
from .tables import AuditEntry, Counter, Message

BOXES = ("in", "out", "all")
PREVIEW = 40


def list_messages():
    user = current_user()
    box = arg_choice("box", BOXES, "in")
    unread = arg_bool("unread")
    since = arg_date("since")
    q = arg_text("q")
    page, size = paging()
    moment = None if since is None else datetime.combine(since, time.min, settings.zone())
    rows = repo.messages_of(user.id, box, unread, moment)
    if q:
        rows = [row for row in rows if q.lower() in row.title.lower() or q.lower() in (row.body or "").lower()]
    start = (page - 1) * size
    items = []
    for row in rows[start:start + size]:
        item = {
            "id": row.id,
            "from": repo.find_user(row.sender_id).name,
            "to": repo.find_user(row.recipient_id).name,
            "title": row.title,
            "preview": preview(row.body),
            "sent_at": stamp(row.sent_at),
        }
        if row.sender_id != user.id:
            item["read"] = row.read_at is not None
        items.append(item)
    response = reply_page(items, len(rows), page, size)
    response.headers["X-Unread-Count"] = str(repo.count_unread(user.id))
    return response


def preview(body):
    if body is None:
        return None
    return body if len(body) <= PREVIEW else body[: PREVIEW - 1] + "…"


def read_message(message_id):
    """Marks a message as read; the first time counts, later times change nothing."""
    user = current_user()
    with Session(get_engine()) as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None:
            raise ApiError(404, "no such message")
        if message.recipient_id != user.id:
            raise ApiError(403, "not your message")
        first = message.read_at is None
        if first:
            message.read_at = settings.now()
            counter = session.scalars(select(Counter).where(Counter.name == "messages_read").with_for_update()).one()
            counter.value += 1
            session.add(
                AuditEntry(user_id=user.id, action="read", entity="message", entity_id=message_id, detail=None)
            )
        answer = {
            "id": message.id,
            "title": message.title,
            "body": message.body,
            "read_at": stamp(message.read_at),
            "first": first,
        }
        session.commit()
    return reply(answer)
