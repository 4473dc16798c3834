"""Labels to words: OpenStreetMap objects and land cover become checked captions and a pairs dataset."""
