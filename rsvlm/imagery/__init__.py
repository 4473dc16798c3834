"""Files to pixels: rasters, chips, bands and footprints."""
