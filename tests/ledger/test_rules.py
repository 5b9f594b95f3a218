"""Each rule rejects the same mistake written differently, and passes what only looks like it."""

from __future__ import annotations

import pytest

from subsecond.errors import SubsecondError
from subsecond.ledger.rule import broken_by, rule, rule_of
from subsecond.ledger.stated import stated
from subsecond.model.constraint import Change, Constraint

BEFORE = "import os\nfrom flask import Flask\n\napp = Flask(__name__)\n"


def broken(words: str, after: str, before: str = BEFORE, path: str = "shop.py") -> bool:
    return bool(broken_by(Change(files={path: (before, after)}), [stated(words)]))


REPEATS = {
    "no multiprocessing objects at module level": [
        BEFORE + "import multiprocessing\nCONFIG = multiprocessing.Manager().dict()\n",
        BEFORE + "import multiprocessing as mp\n\n\nclass Cache:\n    store = mp.Manager()\n",
        BEFORE + "from multiprocessing import Queue as Q\n\n\ndef make():\n    return Q()\n\n\nqueue = make()\n",
        BEFORE
        + "import multiprocessing\nmake = multiprocessing.Manager\nif app:\n    shared = [make() for _ in '1']\n",
        BEFORE + "import importlib\nx = importlib.import_module('multiprocessing').Pool(2)\n",
    ],
    "zero new imports": [
        BEFORE + "import json\n",
        BEFORE + "\n\ndef f():\n    from time import sleep\n    sleep(1)\n",
        BEFORE + "json = __import__('json')\n",
    ],
    "no new import of requests": [
        BEFORE + "import requests\n",
        BEFORE + "from requests.adapters import HTTPAdapter as H\n",
        BEFORE + "import importlib\nhttp = importlib.import_module('requests')\n",
    ],
    "do not touch shop.py": [BEFORE + "#\n", "", BEFORE.replace("os", "sys")],
}
LOOK_ALIKES = {
    "no multiprocessing objects at module level": [
        BEFORE + "import multiprocessing\n",
        BEFORE + "import multiprocessing\n\n\ndef later():\n    return multiprocessing.Manager().dict()\n",
        BEFORE + "CONFIG = dict()  # not multiprocessing.Manager().dict()\n",
        BEFORE + "from shop.multiprocessing_notes import Manager\nnotes = Manager()\n",
        BEFORE + "import multiprocessing\nmake = lambda: multiprocessing.Queue()\n",
    ],
    "zero new imports": [
        BEFORE + "name = 'import json'\n",
        "from flask import Flask\nimport os\n\napp = Flask(os.name)\n",
        "from __future__ import annotations\n" + BEFORE,
    ],
    "no new import of requests": [
        BEFORE + "import requests_cache_notes\n",
        BEFORE + "import json\n",
        BEFORE + "requests = []\n",
    ],
}


@pytest.mark.parametrize(("words", "after"), [(words, each) for words, all_ in REPEATS.items() for each in all_])
def test_the_same_mistake_written_differently_is_rejected(words: str, after: str) -> None:
    assert broken(words, after)


@pytest.mark.parametrize(("words", "after"), [(words, each) for words, all_ in LOOK_ALIKES.items() for each in all_])
def test_what_only_looks_like_it_passes(words: str, after: str) -> None:
    assert not broken(words, after)


@pytest.mark.parametrize("path", ["shop2.py", "app/shop.py", "shop.pyi"])
def test_another_file_may_be_touched(path: str) -> None:
    assert not broken("do not touch shop.py", BEFORE + "#\n", path=path)


def test_what_was_there_before_is_not_the_change_s_fault() -> None:
    before = BEFORE + "import multiprocessing\nlock = multiprocessing.Lock()\n"
    assert not broken("no multiprocessing objects at module level", before + "x = 1\n", before)
    assert broken("no multiprocessing objects at module level", before + "other = multiprocessing.Lock()\n", before)


def test_a_phrase_that_is_no_rule_says_which_there_are() -> None:
    with pytest.raises(SubsecondError) as caught:
        stated("be careful")
    assert caught.value.slug == "unknown-constraint"
    assert "zero new imports" in caught.value.message


def test_every_rule_can_be_stated_and_says_itself() -> None:
    for name in rule.items():
        assert rule_of(name).__doc__
    made = stated("no new imports of requests")
    assert isinstance(made, Constraint) and made.text == "no new import of requests"
