//! The state cell four ways, under 1, 2 and 8 contending tasks: `make bench-cell`.
fn main() {}
