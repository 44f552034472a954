"""The master data service: products and parties as they are announced, their codes for the codebook, facts for checks."""
