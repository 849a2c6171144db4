"""Opening, watching and closing studies."""
