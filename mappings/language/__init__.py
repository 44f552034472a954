"""The mapping language: one syntax tree, two engines (row, traced), lint, examples. No input/output."""
