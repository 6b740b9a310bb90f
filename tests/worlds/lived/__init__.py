"""The parts of the lived world: see ../README.md."""
