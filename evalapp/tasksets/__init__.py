"""Task files: from uploaded bytes to stored samples, all of them or none."""
