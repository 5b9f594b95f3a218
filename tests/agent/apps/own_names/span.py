NAME = "the app's own span"
