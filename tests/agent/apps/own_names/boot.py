NAME = "the app's own boot"
