//! A whole node on real sockets.
