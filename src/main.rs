//! Parses the command line, runs it, and maps the error to an exit code.

fn main() {}
