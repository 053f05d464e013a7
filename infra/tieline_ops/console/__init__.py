"""The console: a page on which operators see their links, and get out what waits for them."""
