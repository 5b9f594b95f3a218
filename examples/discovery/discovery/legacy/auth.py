"""Who is asking."""

from flask import current_app, request

from discovery.tokens import TokenVerifier


def check_token() -> int | None:
    """Id of the user if the request has a token. A bad token is an error even where none is needed."""
    tokens: TokenVerifier = current_app.extensions["tokens"]
    return tokens.user_id(request.headers.get("Authorization"))


def require_user() -> int:
    """Id of the user; an error without a token."""
    tokens: TokenVerifier = current_app.extensions["tokens"]
    return tokens.required_user_id(request.headers.get("Authorization"))
