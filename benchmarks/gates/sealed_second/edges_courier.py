"""Edge values for every parameter, header and path part (used for the right patches)."""
from urllib.parse import quote

STAFF, CLERK3 = {"X-User": "1"}, {"X-User": "3"}
SHOP, SHOP2, DRIVER = {"X-User": "127"}, {"X-User": "278"}, {"X-User": "14"}
INTS = ["", "0", "-1", "1", "x", "99999999999", " 7 ", "1.5"]
DATES = ["", "2024-06-15", "2024-03-31", "2024-04-01", "x", "1999-01-01", "2030-01-01", "20240615"]
TEXTS = ["", "%", "_", "\\", "HUBER", "huber", "Ö", "ö", "ß", "100%", "zzz", "'"]
BOOLS = ["", "1", "0", "NO", "x"]
PARAMS = {
    "/parcels": {"status": ["", ",", "created", "created,created", "x", " lost , failed "], "customer": INTS + ["27"],
                 "city": ["", "Wien", "wien", "Győr", "x"], "min_weight": INTS + ["2000"], "max_weight": INTS + ["2000"],
                 "min_value": ["", "0", "-1", "100", "100.00", "x", "NaN", "1e3"], "priority": INTS,
                 "created_from": DATES, "created_to": DATES, "tags": ["", "gift", "Fragile", "überbreit", "gift,gift,b2b", "x"],
                 "routed": BOOLS, "q": TEXTS, "sort": ["", "created", "-weight", "price", "priority", "-priority", "city", "x", "-"],
                 "page": INTS + ["2", "131"], "page_size": INTS + ["3", "100", "101"]},
    "/parcels.csv": {"q": TEXTS[3:], "customer": ["27", "0"], "tags": ["gift"], "city": [""]},
    "/parcels/C000022/events": {"kind": ["", "failed", "failed,created", "x"], "since": DATES + ["2024-01-22"],
                                "order": ["", "desc", "x"], "limit": INTS + ["2", "100"]},
    "/customers": {"q": TEXTS, "city": ["", "Wien", "wien,Linz", "x"], "vip": BOOLS, "joined_from": DATES + ["2021-01-01", "2022-08-24"],
                   "min_discount": INTS + ["10", "15"], "sort": ["", "id", "-id", "-name", "joined", "-joined", "limit", "-limit", "x"],
                   "with_balance": BOOLS, "page": ["", "0", "2", "8", "99", "x"], "page_size": ["", "0", "1", "40", "1000"]},
    "/customers/98/statement": {"until": DATES + ["2024-04-30"]},
    "/invoices": {"status": ["", "open", "draft,void", "x"], "from": DATES + ["2024-01-31"], "to": DATES + ["2024-06-14"],
                  "min_total": ["", "0", "-5", "4.45", "x"], "overdue": BOOLS, "sort": ["", "issued", "total", "-number", "number", "x"],
                  "page": ["0", "2", "24", "25", "999"], "page_size": ["0", "1", "7", "500"]},
    "/tariffs": {"on": DATES + ["2024-06-16", "2022-01-01"], "zone": ["", "A", "a", "C,A", "x"]},
    "/quote?zone=A": {"weight": INTS + ["500", "1000", "1001", "2000", "2001", "10000", "31500", "31501"],
                      "weight=1500&value": ["", "0", "-1", "100", "100.01", "123.45", "1000000", "1000001", "x", "NaN"],
                      "weight=900&on": DATES},
    "/quote": {"weight=500&zone": ["", "B", "C", "x"]},
    "/drivers": {"active": BOOLS, "hired_before": DATES + ["2019-03-01", "2019-03-31"], "sort": ["", "name", "-name", "routes", "-id", "x"],
                 "since": DATES + ["2024-06-14"]},
    "/routes": {"status": ["", "open", "x"], "from": DATES[:-1] + ["2024-06-01"], "to": DATES, "driver": INTS + ["4", "24"]},
    "/routes/149": {"format": ["", "text", "TEXT"]},
    "/reports/revenue": {"group": ["", "month", "city", "status", "x"], "from": DATES, "to": DATES},
    "/reports/punctuality": {"from": ["", "2024-06-01", "2030-01-01", "x"], "to": DATES[:5], "min_parcels": ["", "0", "1", "5", "99", "-1"]},
}


def edge_steps(http):
    steps = []
    for path, params in PARAMS.items():
        for name, values in params.items():
            for value in values:
                joint = "&" if "?" in path else "?"
                small = "&page_size=4" if path in ("/parcels", "/customers", "/invoices") and name != "page_size" else ""
                steps.append(["GET", f"{path}{joint}{name}={quote(value)}{small}", STAFF, None])
    paths = [s[1] for s in http.values() if s[0] == "GET"]
    for headers in ({}, {"X-User": ""}, {"X-User": "9999"}, {"X-User": "x"}, SHOP, SHOP2, DRIVER, {"X-User": "34"}, CLERK3,
                    dict(STAFF, **{"X-Role": "clerk"}), dict(STAFF, **{"X-Role": "driver"}), dict(CLERK3, **{"X-Role": ""}),
                    dict(SHOP, **{"Accept-Language": "hu"}), dict(CLERK3, **{"Accept-Language": "fr;q=1"})):
        steps += [["GET", p, headers, None] for p in paths]
    for code in ["C000097", "C000050", "C000001", "C000012", "c000001", "X", "C000082", "C000030", "C000041", "C000100", "C000005"]:
        steps += [["GET", f"/parcels/{code}", STAFF, None], ["GET", f"/parcels/{code}", STAFF, None, {"etag": True}],
                  ["GET", f"/parcels/{code}/events", CLERK3, None]]
    for n in (0, 1, 2, 7, 12, 30, 45, 60, 105, 117, 141, 176, 178, 180, 181, 99999999999):
        for part in ("/customers/{}", "/customers/{}/statement", "/invoices/{}", "/routes/{}", "/routes/{}?format=text"):
            steps.append(["GET", part.format(n), STAFF, None])
    steps += [["GET", "/parcels?page_size=100", DRIVER, None], ["GET", "/parcels?page_size=100&page=2", SHOP, None]]
    post = lambda p, h, b: steps.append(["POST", p, h, b])
    new = {"recipient": " Zoë ", "city": "Wien", "zone": "A", "weight_g": 1000}
    for who in ({"X-User": "107"}, {"X-User": "130"}, {"X-User": "112"}, {"X-User": "280"}, STAFF, DRIVER, {}):
        post("/parcels", who, new)
    for more in ({"customer_id": 30}, {"customer_id": 7}, {"customer_id": 180, "declared_value": "100"}, {"customer_id": 7, "declared_value": 100.01},
                 {"customer_id": 7, "weight_g": 1001, "tags": ["b", "a", "a"], "note": "", "priority": None, "deliver_by": "2024-06-15"},
                 {"customer_id": 7, "weight_g": 31500, "zone": "C"}, {"customer_id": 7, "weight_g": 31501}, {"customer_id": 7, "weight_g": True},
                 {"customer_id": 7, "weight_g": 0, "zone": "B"}, {"customer_id": 7, "zone": "Q"}, {"customer_id": 7, "tags": "x"},
                 {"customer_id": 12, "declared_value": "x"}, {"customer_id": 20, "declared_value": -1}, {"customer_id": "7"}, {"recipient": ""}):
        post("/parcels", CLERK3, dict(new, **more))
    for body in ({}, {"note": ""}, {"note": None}, {"priority": 0}, {"priority": 11}, {"deliver_by": None}, {"deliver_by": "x"},
                 {"priority": 2, "note": "ß"}, {"priority": 2, "note": "ß"}, [], {"other": 1}):
        for code, who in (("C000016", STAFF), ("C000029", {"X-User": "174"}), ("C000001", STAFF), ("C000029", SHOP)):
            steps.append(["PATCH", f"/parcels/{code}", who, body])
    for code, kind, who in (("C000115", "out_for_delivery", STAFF), ("C000115", "failed", {"X-User": "30"}), ("C000115", "failed", STAFF),
                            ("C000022", "returned", STAFF), ("C000085", "delivered", {"X-User": "29"}), ("C000085", "delivered", DRIVER),
                            ("C000044", "x", STAFF), ("C000017", "picked_up", CLERK3), ("C000017", "in_transit", CLERK3), ("NONE", "failed", STAFF)):
        post(f"/parcels/{code}/events", who, {"kind": kind})
    post("/parcels/C000093/events", STAFF, {"kind": "failed", "at": "2024-06-14T23:30:00-02:00", "place": "", "remark": None})
    post("/parcels/C000054/events", STAFF, {"kind": "in_transit", "at": "x"})
    steps += [["GET", p, STAFF, None] for p in ("/parcels/C000115", "/parcels/C000093/events", "/routes/152", "/parcels?page_size=5&sort=created")]
    for n, who, amount in ((401, CLERK3, "3.89"), (323, STAFF, "3.82"), (51, STAFF, "4.03"), (326, STAFF, "3.35"), (446, {"X-User": "187"}, "4.45"),
                           (446, SHOP, "1"), (390, STAFF, "0"), (390, STAFF, None), (390, STAFF, "0.001"), (390, STAFF, -1), (191, CLERK3, 4.45),
                           (5, CLERK3, "x"), (9999, STAFF, "1"), (1, STAFF, "1"), (3, STAFF, "25.00"), (4, STAFF, "25.01"), (8, STAFF, "30")):
        post(f"/invoices/{n}/refunds", who, {"amount": amount, "reason": ""})
        steps.append(["GET", f"/invoices/{n}", STAFF, None])
    for n, who in ((20, SHOP), (20, {"X-User": "145"}), (20, STAFF), (26, CLERK3), (1, STAFF), (2, STAFF), (9999, STAFF), (22, {"X-User": "192"})):
        steps.append(["DELETE", f"/refunds/{n}", who, None])
    steps += [["GET", p, STAFF, None] for p in ("/customers/41", "/customers/45", "/invoices?page_size=5", "/reports/revenue")]
    return steps
