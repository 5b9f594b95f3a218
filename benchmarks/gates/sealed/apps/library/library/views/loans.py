import datetime
from collections import Counter

from flask import jsonify, render_template, request

from ..models import Loan
from ..serialisers import LoanSchema


def of_branch():
    return Loan.query.filter_by(branch_id=request.args.get("at", 1, type=int)).order_by(Loan.id)


def overdue(loans, day):
    for loan in loans:
        if loan.late(day):
            yield loan


def reminders():
    day = datetime.date.fromisoformat(request.args["day"])
    return jsonify(LoanSchema().dump(overdue(of_branch(), day)))


def calendar():
    month = datetime.date.fromisoformat(request.args["month"] + "-01")
    lent = of_branch().filter(Loan.lent_on >= month, Loan.lent_on < month + datetime.timedelta(days=31))
    return jsonify(Counter(f"{loan.lent_on} {loan.due_on} {loan.extended}" for loan in lent.limit(90)))


def desk():
    return render_template("loans/desk.html", loans=of_branch().filter(Loan.returned_on.is_(None)).limit(60).all())


def due():
    found = Loan.falling_due(datetime.date.fromisoformat(request.args["day"])).order_by(Loan.id).limit(95)
    return jsonify(LoanSchema().dump(found))


def register(app):
    app.add_url_rule("/loans/due", view_func=due)
    app.add_url_rule("/loans/overdue", view_func=reminders)
    app.add_url_rule("/loans/calendar", view_func=calendar)
    app.add_url_rule("/loans/desk", view_func=desk)
