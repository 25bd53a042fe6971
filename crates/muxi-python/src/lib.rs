//! The compiled module of the `muxi` Python package.
