"""The demonstration: examples through two systems, a study to judge, and one judged by simulated raters."""
