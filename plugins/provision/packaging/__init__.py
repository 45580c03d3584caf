"""From made tables to what leaves: codebook, notice, manifest, the bag, the envelope, encryption."""
