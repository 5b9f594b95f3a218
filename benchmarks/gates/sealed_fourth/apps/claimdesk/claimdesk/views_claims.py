from flask import Blueprint, g, jsonify, request
from flask.views import MethodView

from .auth import require_user
from .db import get_session
from .http import ApiError, Page, bool_arg, date_arg, decimal_arg, int_arg, json_body, list_arg, paged_response, str_arg
from .models import PAYMENT_KINDS, STATUSES
from .serializers import claim_detail, claim_row, day, money, note_row, payment_row
from .service_claims import SORTS, ClaimDesk, ClaimFilter, ClaimSearch

claims_bp = Blueprint("claims", __name__, url_prefix="/claims")


def claim_filter():
    flt = ClaimFilter(
        statuses=list_arg("status", STATUSES),
        branch_id=int_arg("branch"),
        handler=str_arg("handler"),
        priority_min=int_arg("priority_min"),
        reported_from=date_arg("reported_from"),
        reported_to=date_arg("reported_to"),
        reserve_min=decimal_arg("reserve_min"),
        reserve_max=decimal_arg("reserve_max"),
        text=str_arg("q"),
        tags=list_arg("tag"),
        unpaid=bool_arg("unpaid"),
    )
    if flt.handler and flt.handler not in ("me", "none"):
        flt.handler = str(int_arg("handler"))
    sort = str_arg("sort") or "-reported"
    flt.descending = sort.startswith("-")
    flt.sort = sort.lstrip("-")
    if flt.sort not in SORTS:
        raise ApiError(400, "bad_parameter", "sort is one of " + ", ".join(SORTS), parameter="sort")
    return flt


def etag_of(claim):
    return f"c{claim.id}v{claim.version}"


class ClaimList(MethodView):
    decorators = [require_user()]

    def get(self):
        page = Page.from_request()
        claims, total = ClaimSearch(get_session(), g.user).run(claim_filter(), page)
        return paged_response([claim_row(c) for c in claims], total, page)

    def post(self):
        claim = ClaimDesk(get_session(), g.user).create(json_body())
        response = jsonify(claim_row(claim))
        response.status_code = 201
        response.headers["Location"] = f"/claims/{claim.id}"
        return response


class ClaimCounts(MethodView):
    decorators = [require_user()]

    def get(self):
        counts = ClaimSearch(get_session(), g.user).status_counts()
        return jsonify({"counts": [{"status": s, "claims": counts.get(s, 0)} for s in STATUSES],
                        "total": sum(counts.values())})


class ClaimItem(MethodView):
    decorators = [require_user()]

    def get(self, claim_id):
        desk = ClaimDesk(get_session(), g.user)
        claim = desk.load(claim_id)
        response = jsonify(claim_detail(claim, desk.visible_notes(claim)))
        response.set_etag(etag_of(claim))
        response.headers["Cache-Control"] = "private, no-cache"
        return response.make_conditional(request)

    def patch(self, claim_id):
        claim = ClaimDesk(get_session(), g.user).change(claim_id, json_body(), request.headers.get("If-Match"))
        response = jsonify(dict(claim_row(claim), description=claim.description, version=claim.version))
        response.set_etag(etag_of(claim))
        return response


class ClaimClose(MethodView):
    decorators = [require_user("handler", "supervisor")]

    def post(self, claim_id):
        body = json_body()
        claim = ClaimDesk(get_session(), g.user).close(claim_id, body.get("reason"), body.get("rejected") is True)
        return jsonify({"id": claim.id, "status": claim.status, "version": claim.version,
                        "paid_total": money(claim.paid_total)})


class ClaimPayments(MethodView):
    decorators = [require_user()]

    def get(self, claim_id):
        kind = str_arg("kind")
        if kind and kind not in PAYMENT_KINDS:
            raise ApiError(400, "bad_parameter", "unknown kind", parameter="kind")
        desk = ClaimDesk(get_session(), g.user)
        rows = desk.payments(desk.load(claim_id), kind, date_arg("from"))
        return jsonify({
            "items": [payment_row(p) for p in rows],
            "total": money(sum(p.amount for p in rows)),
            "first": day(rows[0].paid_on) if rows else None,
        })

    def post(self, claim_id):
        payment, claim = ClaimDesk(get_session(), g.user).pay(claim_id, json_body())
        response = jsonify({"payment": payment_row(payment), "paid_total": money(claim.paid_total),
                            "status": claim.status, "version": claim.version})
        response.status_code = 201
        response.headers["Location"] = f"/claims/{claim.id}/payments"
        return response


class ClaimNotes(MethodView):
    decorators = [require_user()]

    def post(self, claim_id):
        note = ClaimDesk(get_session(), g.user).add_note(claim_id, json_body())
        response = jsonify(note_row(note))
        response.status_code = 201
        return response

    def delete(self, claim_id, note_id):
        left = ClaimDesk(get_session(), g.user).delete_note(claim_id, note_id)
        return jsonify({"deleted": note_id, "remaining": left})


class ClaimTimeline(MethodView):
    decorators = [require_user()]

    def get(self, claim_id):
        desk = ClaimDesk(get_session(), g.user)
        events = desk.timeline(desk.load(claim_id))
        limit = int_arg("limit", 50, minimum=0)
        return jsonify({"claim": claim_id, "events": [
            {"date": when, "what": what, "who": who, "text": text}
            for when, _rank, _id, what, who, text in events[:limit]
        ], "count": len(events)})


claims_bp.add_url_rule("", view_func=ClaimList.as_view("list"))
claims_bp.add_url_rule("/counts", view_func=ClaimCounts.as_view("counts"))
claims_bp.add_url_rule("/<int:claim_id>", view_func=ClaimItem.as_view("item"))
claims_bp.add_url_rule("/<int:claim_id>/close", view_func=ClaimClose.as_view("close"))
claims_bp.add_url_rule("/<int:claim_id>/payments", view_func=ClaimPayments.as_view("payments"))
claims_bp.add_url_rule("/<int:claim_id>/timeline", view_func=ClaimTimeline.as_view("timeline"))
notes_view = ClaimNotes.as_view("notes")
claims_bp.add_url_rule("/<int:claim_id>/notes", view_func=notes_view, methods=["POST"])
claims_bp.add_url_rule("/<int:claim_id>/notes/<int:note_id>", view_func=notes_view, methods=["DELETE"])
