"""Where places come from: one module a source. Each yields `Place` objects; `layers` puts them together."""
