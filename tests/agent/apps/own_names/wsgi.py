NAME = "the app's own wsgi"
