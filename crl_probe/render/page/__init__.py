"""Charts and maps drawn for the HTML page, and the page itself."""
