from flask import request

from .models import Branch


def here():
    branch_id = request.args.get("branch", type=int)
    if branch_id is None:
        return {}
    return {"here": Branch.query.filter(Branch.id == branch_id).first()}
