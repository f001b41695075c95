"""Pictures in and out: grids, outpainting, checking uploads, fetching links."""
