NAME = "the app's own guard"
