"""`Plan` or `Report` -> text and Markdown. Pure functions; they decide nothing."""
