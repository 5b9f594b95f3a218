"""Edge values for every parameter, header and path part; then writes and reads after them."""

BAD = ["", "0", "-1", "abc", "99999999999", " 3 ", "2147483647"]
DATES = ["", "2023-12-31", "2024-01-01", "2024-03-15", "2023-09-30", "2023-10-01", "1999-01-01", "2099-01-01", "2024-02-30", "20240315"]
NUMBERS = ["", "0", "0.00", "-0.01", "25", "32.5", "33.33", "1000", "-1000", "1e3", "NaN", "abc", "99999999999999"]
BOOLS = ["", "1", "0", "true", "No", "maybe"]
TEXTS = ["", "a", "É", "é", "ström", "STRÖM", "ß", "ss", "%25", "_", "maths", "Maths%20adult", "%20", "zzz", "'", "note", "needs", "@school", "<nuts>"]
IDS = ["", "3", "3,3,7", "7,3", "0", "999", "3,,7,", "-1", "abc", "99999999999", "3,x"]
PAGES = ["&page=2", "&page=0", "&page=-1", "&page=9999", "&page_size=1", "&page_size=0", "&page_size=7&page=3", "&page_size=100", "&page_size=101", "&page_size=100000", "&page=x", "&page="]

ROUTES = [
    ("/subjects", [None], {"level": ["", "gcse", "gcse,adult", "GCSE", "none", "primary,primary"], "retired": BOOLS, "q": TEXTS + ["M12", "m12"],
                          "min_rate": NUMBERS, "sort": ["", "code", "name", "rate", "-rate", "bad"]}),
    ("/tutors", [None], {"city": ["", "Berlin", "berlin", "none", "none,Paris", "Köln,Zürich", "Nowhere", ","], "active": BOOLS, "min_rating": NUMBERS + ["4", "4.25"],
                        "subject": IDS, "q": TEXTS, "sort": ["", "name", "-rating", "hired", "-hired", "rating"], "": PAGES}),
    ("/tutors/{}", ["1", "2", "18", "120", None, "0", "9999", "x", ""], {}),
    ("/tutors/{}/timetable", ["1", "2", "32", "18", "11", "120", None], {"week": DATES, "cancelled": BOOLS}),
    ("/subjects/{}", [None], {"lessons": ["", "0", "1", "50", "51", "-1", "x"]}),
    ("/pupils", ["1", "15", "120", "11", "399", None], {"year": IDS + ["0", "12"], "mentor": BAD + ["5", "1"], "born_from": DATES + ["2010-06-19"], "born_to": DATES + ["2010-06-19"],
                "min_balance": NUMBERS + ["-35.50"], "max_balance": NUMBERS + ["-0.01", "-35.50"], "owing": BOOLS, "q": TEXTS, "sort": ["", "name", "born", "balance", "-balance", "x"], "": PAGES}),
    ("/pupils/{}", ["1", "120", "15", "30", None], {"term": BAD + ["1", "2", "4"], "include": ["", "lessons", "grades,payments", "payments", "x", "lessons,lessons"], "latest": ["0", "1", "200", "201", "-1", ""]}),
    ("/pupils/{}/statement", ["1", "120", "2", "30", None], {"from": DATES, "to": DATES}),
    ("/lessons", [None], {"from": DATES, "to": DATES, "status": ["", "held", "planned,cancelled", "Held", "held,held"], "tutor": IDS, "subject": IDS, "min_minutes": BAD + ["45", "60", "61"],
                         "free": ["", "0", "1", "8", "9", "-1"], "room": ["", "A1", "a1", "%C3%9Cbungsraum", "zzz", "%20"], "sort": ["", "starts", "-starts", "price", "-price", "room", "-room"], "": PAGES}),
    ("/lessons/{}", ["1", "120", "15", "399", None, "0"], {}),
    ("/payments", ["1", "120", "15", "399", None], {"pupil": IDS + ["19"], "from": DATES, "to": DATES, "method": ["", "cash", "cash,card", "Cash", "none", ","], "min": NUMBERS, "max": NUMBERS, "": PAGES}),
    ("/payments.csv", ["1", "120", None], {"pupil": IDS + ["19"], "from": DATES[2:5], "min": NUMBERS[6:9], "method": ["voucher"]}),
    ("/reports/revenue", ["1", "120"], {"by": ["", "subject", "tutor", "month", "x"], "term": BAD + ["1", "2", "3", "4"], "from": DATES, "to": DATES, "min_total": NUMBERS + ["2000"]}),
    ("/reports/ranking", ["1", "15", "120", "13", None], {"subject": BAD + ["3", "7", "26", "5"], "term": BAD + ["1", "2", "4"], "top": BAD + ["1", "2", "3"], "min_marks": BAD + ["2", "6"]}),
    ("/messages", ["1", "2", "15", "120", "399", None, "9999", "x"], {"box": ["", "in", "out", "all", "IN"], "unread": BOOLS, "since": DATES + ["2024-02-08"], "q": TEXTS + ["100%25", "a_b", "école", "strasse"], "": PAGES}),
]
PARTS = {"/tutors/{}": [1, 5, 8, 12, 22, 59, 60, 61, 0], "/tutors/{}/timetable": [22, 8, 1, 60, 61], "/subjects/{}": [1, 3, 5, 8, 9, 25, 26, 27, 0],
         "/pupils/{}": [19, 309, 49, 4, 11, 795, 800, 801, 1], "/pupils/{}/statement": [19, 795, 24, 2, 801], "/lessons/{}": [704, 645, 40, 400, 411, 440, 7, 37, 2400, 2401]}
FIXED = {"/reports/ranking": "subject=7", "/lessons": "page_size=3", "/pupils": "page_size=4", "/payments": "page_size=5", "/messages": "page_size=4"}


def steps():
    result = []
    for route, users, parameters in ROUTES:
        fixed = FIXED.get(route, "")
        for number, part in enumerate(PARTS.get(route, [None])):
            path = route.format(part)
            queries = [fixed]
            if number == 0 or len(parameters) < 4:
                for name, values in parameters.items():
                    queries += [f"{fixed if name else ''}&{name}={value}" if name else value for value in (values if number == 0 else values[:6])]
            for index, query in enumerate(queries):
                some = users if index % 3 == 0 else users[:1]
                for user in some:
                    headers = {} if user is None else {"X-User": user}
                    if index % 4 == 1:
                        headers["X-Language"] = ["de", "fr", "xx", "DE"][index // 4 % 4]
                    result.append(["GET", path + ("?" + query.lstrip("&") if query else ""), headers, None])
    result += writes()
    return result


def writes():
    office, guardian = {"X-User": "1"}, {"X-User": "120"}
    reads = [["GET", path, office, None] for path in
             ("/lessons/645", "/lessons/440", "/pupils/19", "/payments?pupil=19", "/pupils?year=5&page_size=5", "/messages?page_size=5", "/subjects/3", "/reports/revenue?term=3",
              "/lessons?from=2024-03-15&to=2024-03-16")]
    out = []
    for lesson in (645, 440, 2091, 840, 704, 1333, 40, 10, 400, 9999):
        for user, pupil in ((guardian, 19), (guardian, 309), (office, 795), (office, 19), ({"X-User": "15"}, 19), (guardian, 1), (office, 2), (office, 9999)):
            out.append(["POST", f"/lessons/{lesson}/bookings", user, {"pupil_id": pupil}])
    for data in ({}, {"pupil_id": "19"}, {"pupil_id": 0}, {"pupil_id": True}, {"pupil_id": None}, []):
        out.append(["POST", "/lessons/645/bookings", office, data])
    out += reads
    for lesson in (440, 645, 2091, 1004, 411, 59, 9999):
        for user, pupil in ((guardian, 19), (office, 795), (office, 795), ({"X-User": "15"}, 19), (office, 9999)):
            out.append(["DELETE", f"/lessons/{lesson}/bookings/{pupil}", user, None])
    out += reads
    for data in ({"state": "late", "minutes_late": 0}, {"state": "late"}, {"minutes_late": 3}, {"state": "present"}, {"state": None}, {"minutes_late": None}, {"state": "late", "minutes_late": 240},
                 {"minutes_late": 241}, {"minutes_late": -1}, {"minutes_late": True}, {"state": ""}, {"state": "gone"}, {"x": 1}, {}, {"state": "excused", "minutes_late": 4}, {"state": "absent"}):
        for user in (office, {"X-User": "26"}, {"X-User": "15"}, guardian):
            out.append(["PATCH", "/lessons/411/attendance/19", user, data])
    out += [["PATCH", "/lessons/870/attendance/19", office, {"state": "late"}], ["PATCH", "/lessons/411/attendance/18", office, {"state": "late"}], ["PATCH", "/lessons/9999/attendance/18", office, {"state": "late"}]]
    for amount in ("45.5", "-3", "0", "0.00", "0.005", "10000", "10000.01", "-10000", "1e2", "NaN", "x", "", 5, None, "0.01"):
        for reference in ("", None, f"R {amount}"):
            out.append(["POST", "/payments", office, {"pupil_id": 19, "amount": amount, "reference": reference}])
    for extra in ({"method": "cash"}, {"method": ""}, {"method": None}, {"method": "x"}, {"reference": 3}, {"pupil_id": 9999}, {"pupil_id": "19"}):
        out.append(["POST", "/payments", office, {"pupil_id": 19, "amount": "1.00", "reference": str(extra), **extra}])
        out.append(["POST", "/payments", guardian, {"pupil_id": 19, "amount": "1.00", **extra}])
    out.append(["POST", "/payments", {}, {}])
    for message in (70, 138, 177, 204, 97, 1, 0, 9999):
        for user in ("15", "15", "1", "x"):
            out.append(["POST", f"/messages/{message}/read", {"X-User": user}, None])
    out += reads + [["GET", "/messages?unread=1", {"X-User": "15"}, None], ["GET", "/payments.csv?pupil=19", office, None], ["GET", "/pupils/19/statement", guardian, None]]
    return out
