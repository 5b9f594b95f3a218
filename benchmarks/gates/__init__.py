"""How many wrong patches the gates stop, and how many right ones they refuse: a sealed corpus."""
