from collections import defaultdict

from flask import jsonify, render_template, request

from ..database import db
from ..models import Book, Copy, Hold, Member


def waiting_here():
    branch = request.args.get("branch", 1, type=int)
    waiting = (
        db.query(Hold.id, Book.title, Member.name)
        .join(Book, Book.id == Hold.book_id)
        .join(Member, Member.id == Hold.member_id)
        .filter(Hold.branch_id == branch)
        .order_by(Hold.id)
        .limit(40)
    )
    return waiting.all()


def slips():
    return "\n".join(render_template("holds/slip.html", hold=hold) for hold in waiting_here())


def sheet():
    return render_template("holds/sheet.html", holds=waiting_here())


def queue_and_stock(branch):
    queue = [tuple(row) for row in db.query(Hold.id, Hold.book_id).order_by(Hold.placed_on, Hold.id).limit(500)]
    stock = [tuple(row) for row in db.query(Copy.book_id, Copy.shelf).filter(Copy.branch_id == branch)]
    return queue, stock


def pick_list():
    queue, stock = queue_and_stock(request.args.get("at", 1, type=int))
    picked = []
    for hold_id, wanted in queue:
        for book_id, shelf in stock:
            if book_id == wanted:
                picked.append([hold_id, shelf])
                break
    return jsonify(picked)


def shelves_to_visit():
    queue, stock = queue_and_stock(request.args.get("at", 1, type=int))
    shelves = defaultdict(list)
    for book_id, shelf in stock:
        shelves[book_id].append(shelf)
    visits = defaultdict(list)
    for hold_id, wanted in queue:
        for shelf in shelves.get(wanted, ()):
            visits[shelf].append(hold_id)
    return jsonify(visits)


def register(app):
    app.add_url_rule("/holds/slips", view_func=slips)
    app.add_url_rule("/holds/sheet", view_func=sheet)
    app.add_url_rule("/holds/pick", view_func=pick_list)
    app.add_url_rule("/holds/shelves", view_func=shelves_to_visit)
