from flask import jsonify, render_template

from ..models import Branch, Subject


def catalogue(branch_id):
    return render_template("branches/catalogue.html", branch=Branch.query.filter_by(id=branch_id).one())


def highlights(branch_id):
    return render_template("branches/highlights.html", branch=Branch.query.filter_by(id=branch_id).one())


def subtree(subject):
    below = Subject.query.filter_by(parent_id=subject.id).order_by(Subject.id)
    return {"name": subject.name, "below": [subtree(child) for child in below]}


def tree(subject_id):
    return jsonify(subtree(Subject.query.filter_by(id=subject_id).one()))


def register(app):
    app.add_url_rule("/branches/<int:branch_id>/catalogue", view_func=catalogue)
    app.add_url_rule("/branches/<int:branch_id>/highlights", view_func=highlights)
    app.add_url_rule("/subjects/<int:subject_id>/tree", view_func=tree)
