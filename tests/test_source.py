"""Where an attribute stands in the app's source, also in a file that only a newer Python can parse."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsecond.diagnose.source import locate
from subsecond.model.finding import Place

MODELS = '''\
class Base:
    kind = None


class Post(Base, Mixin):
    """A post.

    topic: the topic it belongs to
    """

    id: Mapped[int] = column()
    topic: Mapped["Topic"] = relationship("Topic")

    def save(self, topic=None):
        topic = topic or self.topic

    topic = synonym("topic")


class Topic:
    posts = relationship(
        "Post",
        topic=1,
    )
'''


@pytest.fixture(params=["", "type Key = int ="], ids=["as this Python's", "as a newer Python's"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(f"{MODELS}\n{request.param}\n")
    (tmp_path / "views.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("symbol", "line", "name"),
    [
        ("Post.topic", 12, "Post"),
        ("shop.models.Post.save", 14, "Post"),
        ("Post.kind", 2, "Base"),
        ("Topic.posts", 21, "Topic"),
    ],
)
def test_found_beside_the_code_that_ran(project: Path, symbol: str, line: int, name: str) -> None:
    assert locate(symbol, ["views.py"], project) == Place(file="models.py", line=line, function=name)


@pytest.mark.parametrize("symbol", ["Topic.topic", "Post.nothing", "Nobody.topic"])
def test_not_found(project: Path, symbol: str) -> None:
    assert locate(symbol, ["views.py"], project) is None
