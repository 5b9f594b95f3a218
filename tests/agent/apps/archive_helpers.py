"""What the archive calls once a row."""

NewSession = None
Author = None
calls = []


def price_of(pages):
    calls.append(pages)
    return pages * 2


def author_in_own_session(key):
    with NewSession() as session:
        return session.get(Author, key).name


def row_in_own_session(key):
    """An object that its session has let go."""
    with NewSession() as session:
        return session.get(Author, key)


def each_price(pages):
    yield pages


def tags_of(book, prefix=""):
    """A new list each time, that the caller may change."""
    return [prefix + str(book.pages)]


def counted(pages, seen):
    seen.append(pages)
    return pages


class Labels:
    ending = "!"

    def of(self, text):
        calls.append(text)
        return text + self.ending

    @staticmethod
    def short(text):
        calls.append(text)
        return text[:3]

    @property
    def kind(self):
        calls.append("kind")
        return "label"
