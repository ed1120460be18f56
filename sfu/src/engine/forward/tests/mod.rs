//! Calls in virtual time.
