"""Scripts that install, run, back up and upgrade the product; the standard library is enough."""
