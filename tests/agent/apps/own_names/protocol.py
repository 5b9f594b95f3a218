NAME = "the app's own protocol"
