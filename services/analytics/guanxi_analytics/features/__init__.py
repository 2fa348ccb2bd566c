"""What is computed of columns, written once in ibis: nothing else in the suite imports it."""
