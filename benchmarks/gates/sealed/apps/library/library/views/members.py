from itertools import islice
from operator import attrgetter

from flask import jsonify, render_template, request
from sqlalchemy import func

from ..database import booking, db
from ..models import Fine, Loan, Member
from ..serialisers import MemberSchema, ReaderSchema
from .base import FormView
from .books import titles


class Card(FormView):
    template = "members/card.html"
    model = Member


class Edit(FormView):
    template = "members/edit.html"
    model = Member


class Ranking:
    order = attrgetter("points", "name")

    def __iter__(self):
        members = Member.query.filter_by(branch_id=request.args.get("at", 1, type=int)).all()
        members.sort(key=type(self).order, reverse=True)
        return iter(members)


def ranking():
    return jsonify(MemberSchema().dump(Ranking()))


def readers():
    found = Member.query.filter_by(branch_id=request.args.get("at", 1, type=int)).order_by(Member.card).limit(40)
    return jsonify(ReaderSchema().dump(found))


def account(member_id):
    return render_template("members/account.html", member=Member.query.filter_by(id=member_id).one())


def history(member_id):
    loans = db.query(Loan.id, Loan.book_id).filter(Loan.member_id == member_id).order_by(Loan.id).all()
    names = titles([loan.book_id for loan in loans])
    return jsonify([{"loan": loan.id, "title": names[loan.book_id]} for loan in loans])


def in_chunks(values, size=150):
    values = iter(values)
    while chunk := list(islice(values, size)):
        yield chunk


def debts(ids):
    for chunk in in_chunks(ids):
        yield from (
            db.query(Fine.member_id, func.sum(Fine.cents))
            .filter(Fine.member_id.in_(chunk), Fine.paid.is_(False))
            .group_by(Fine.member_id)
        )


def debtors():
    joined = db.query(Member.id).filter(Member.points < request.args.get("points", 1000, type=int)).order_by(Member.id)
    return jsonify(dict(map(tuple, debts([row.id for row in joined]))))


def some_members():
    first = request.args.get("first", 1, type=int)
    return list(range(first, first + 25))


def grant(member_id, points):
    with booking() as session:
        session.query(Member).filter_by(id=member_id).update({"points": Member.points % 5000 + points})
    return member_id


def reward():
    points = request.args.get("points", 5, type=int)
    return jsonify([grant(member_id, points) for member_id in some_members()])


def forgive():
    with booking() as session:
        session.query(Fine).filter(Fine.member_id.in_(some_members())).update({"paid": True})
    return jsonify({"forgiven": some_members()})


def register(app):
    app.add_url_rule("/members/reward", view_func=reward, methods=["POST"])
    app.add_url_rule("/fines/forgive", view_func=forgive, methods=["POST"])
    app.add_url_rule("/members/<int:row_id>", view_func=Card.as_view("card"))
    app.add_url_rule("/members/<int:row_id>/edit", view_func=Edit.as_view("edit"))
    app.add_url_rule("/members/ranking", view_func=ranking)
    app.add_url_rule("/members/readers", view_func=readers)
    app.add_url_rule("/members/<int:member_id>/account", view_func=account)
    app.add_url_rule("/members/<int:member_id>/history", view_func=history)
    app.add_url_rule("/members/debtors", view_func=debtors)
