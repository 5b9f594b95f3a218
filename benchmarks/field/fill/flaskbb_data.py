"""Makes the data of FlaskBB by its own functions, in the working folder. Argument: the environment's interpreter.

Four categories of five forums, a forum with 60 topics of 40 posts, so that its pages are full.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path.cwd()
SETTINGS = f"""from flaskbb.configs.default import DefaultConfig

DEBUG = False
SQLALCHEMY_DATABASE_URI = "sqlite:///{HERE / "forum.db"}"
SECRET_KEY = "kept the same"
WTF_CSRF_SECRET_KEY = "kept the same as well"
REDIS_ENABLED = False
CELERY_CONFIG = {{"broker_url": "memory://", "result_backend": "cache+memory://"}}
USE_DEFAULT_LOGGING = False
SEND_LOGS = False
"""
WSGI = """from pathlib import Path

from flaskbb import create_app

HERE = Path(__file__).parent
app = create_app(config=str({settings!r}), instance_path=str(HERE / "instance"))
"""
TARGET = """name = "flaskbb"
app = "wsgi:app"
python = "{python}"
requests = ["requests.http"]
"""
REQUESTS = """### index
GET /

### forum
GET /forum/1

### topic
GET /topic/{topic}

### members
GET /memberlist

### profile
GET /user/{user}

### posts of a user
GET /user/{user}/posts

### topics of a user
GET /user/{user}/topics
"""
CATEGORIES, FORUMS, TOPICS, POSTS, TOPICS_PER_PAGE = 4, 5, 60, 40, 40


def main(python: str) -> None:
    settings = HERE / "flaskbb.cfg"
    settings.write_text(SETTINGS)
    (HERE / "wsgi.py").write_text(WSGI.format(settings=str(settings)))
    (HERE / "subsecond.toml").write_text(TARGET.format(python=python))
    from flaskbb import create_app
    from flaskbb.extensions import db
    from flaskbb.forum.models import Topic
    from flaskbb.settings import flaskbb_config
    from flaskbb.utils.populate import create_latest_db, create_test_data, insert_bulk_data

    app = create_app(config=str(settings), instance_path=str(HERE / "instance"))
    with app.app_context():
        create_latest_db()
        create_test_data(categories=CATEGORIES, forums=FORUMS, topics=1, posts=2)
        insert_bulk_data(TOPICS, POSTS)
        flaskbb_config["TOPICS_PER_PAGE"] = TOPICS_PER_PAGE

        topic = db.session.query(Topic).order_by(Topic.id.desc()).first()
        told = REQUESTS.format(topic=topic.id, user=topic.username)
    (HERE / "requests.http").write_text(told)


if __name__ == "__main__":
    main(sys.argv[1])
