NAME = "the app's own spool"
