NAME = "the app's own line"
