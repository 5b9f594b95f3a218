"""A tutoring school: subjects, tutors, pupils, lessons, payments, messages."""
from flask import Flask


def create_app():
    from . import catalogue, helpers, lessons, messages, money, pupils, reports

    app = Flask(__name__)
    app.register_error_handler(helpers.ApiError, helpers.handle_api_error)
    add = app.add_url_rule
    add("/subjects", view_func=catalogue.list_subjects)
    add("/subjects/<int:subject_id>", view_func=catalogue.show_subject)
    add("/tutors", view_func=catalogue.list_tutors)
    add("/tutors/<int:tutor_id>", view_func=catalogue.show_tutor)
    add("/tutors/<int:tutor_id>/timetable", view_func=catalogue.show_timetable)
    add("/pupils", view_func=pupils.list_pupils)
    add("/pupils/<int:pupil_id>", view_func=pupils.show_pupil)
    add("/pupils/<int:pupil_id>/statement", view_func=pupils.show_statement)
    add("/lessons", view_func=lessons.list_lessons)
    add("/lessons/<int:lesson_id>", view_func=lessons.show_lesson)
    add("/lessons/<int:lesson_id>/bookings", view_func=lessons.book, methods=["POST"])
    add("/lessons/<int:lesson_id>/bookings/<int:pupil_id>", view_func=lessons.unbook, methods=["DELETE"])
    add("/lessons/<int:lesson_id>/attendance/<int:pupil_id>", view_func=lessons.mark, methods=["PATCH"])
    add("/payments", view_func=money.list_payments)
    add("/payments", endpoint="take_payment", view_func=money.take_payment, methods=["POST"])
    add("/payments.csv", view_func=money.export_payments)
    add("/reports/revenue", view_func=reports.revenue)
    add("/reports/ranking", view_func=reports.ranking)
    add("/messages", view_func=messages.list_messages)
    add("/messages/<int:message_id>/read", view_func=messages.read_message, methods=["POST"])
    return app
