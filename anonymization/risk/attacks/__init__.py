"""攻撃の試行: the three criteria of WP216 measured: singling out, linkage, inference. Figures, no proof."""
