NAME = "the app's own recorder"
