NAME = "the app's own hooks"
