"""Banks of sounds and images: imported, and shown on a page."""
