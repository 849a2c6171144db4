"""What organisers enter on the machine side's pages, one file per group of pages."""
