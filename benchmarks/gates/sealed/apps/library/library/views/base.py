from flask import jsonify, render_template, request
from flask.views import MethodView

from ..models import Subject


class Paged:
    per_page = 20

    def page(self, query):
        items = query.all()
        number = request.args.get("page", 1, type=int)
        start = (number - 1) * self.per_page
        return {"total": len(items), "items": self.schema().dump(items[start : start + self.per_page])}


class Windowed:
    per_page = 20

    def page(self, query):
        number = request.args.get("page", 1, type=int)
        items = query.offset((number - 1) * self.per_page).limit(self.per_page).all()
        return {"total": query.order_by(None).count(), "items": self.schema().dump(items)}


class ListView(MethodView):
    schema = None

    def query(self):
        raise NotImplementedError

    def get(self):
        return jsonify(self.page(self.query()))


class FormView(MethodView):
    template = None
    model = None

    def context(self, row):
        interests = Subject.query.filter_by(parent_id=1).order_by(Subject.name).all()
        return {"row": row, "interests": interests}

    def get(self, row_id):
        return render_template(self.template, **self.context(self.model.query.filter_by(id=row_id).one()))
