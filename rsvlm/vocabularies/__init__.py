"""What the field calls things: legends of land cover, and OpenStreetMap tags that can be seen from above."""
