"""The fuzz targets, one for each reader, with a small corpus for each, and a runner."""
