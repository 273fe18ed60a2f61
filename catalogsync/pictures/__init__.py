"""Small copies of a catalog's pictures, for readings of a plan that show them."""
